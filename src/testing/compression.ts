import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { zstdFrame } from './zstdFile.js';

/** Compressed files for tests. */

export function gzip(bytes: Buffer): Buffer {
  return gzipSync(bytes);
}

/** Two gzip members one after the other, as appended files have. */
export function gzipMembers(bytes: Buffer): Buffer {
  const middle = bytes.length >> 1;
  return Buffer.concat([gzipSync(bytes.subarray(0, middle)), gzipSync(bytes.subarray(middle))]);
}

/** By the `zstd` command; undefined where there is none, and the test must be skipped. */
export function zstd(bytes: Buffer, level = 3): Buffer | undefined {
  const run = spawnSync('zstd', [`-${level}`, '-q', '-c'], { input: bytes, maxBuffer: 1 << 30 });
  return run.status === 0 ? Buffer.from(run.stdout) : undefined;
}

/** The bytes as a zstd frame without compression: needs no program. */
export function zstdStored(bytes: Buffer): Buffer {
  const block = 128 * 1024;
  const blocks = Array.from({ length: Math.ceil(bytes.length / block) }, (_, i) =>
    bytes.subarray(i * block, (i + 1) * block),
  );
  return zstdFrame(blocks);
}
