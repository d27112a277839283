import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';

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

/** A Zstandard frame (RFC 8878) of uncompressed blocks: needs no program. */
export function zstdStored(bytes: Buffer): Buffer {
  const largest = 128 * 1024;
  // Magic number, frame header with an 8-byte content size and no window descriptor (single segment).
  const header = Buffer.alloc(13);
  header.writeUInt32LE(0xfd2fb528, 0);
  header[4] = 0xe0;
  header.writeBigUInt64LE(BigInt(bytes.length), 5);
  const parts: Buffer[] = [header];
  for (let at = 0; at === 0 || at < bytes.length; at += largest) {
    const block = bytes.subarray(at, at + largest);
    const last = at + largest >= bytes.length ? 1 : 0;
    const size = Buffer.alloc(3);
    size.writeUIntLE((block.length << 3) | last, 0, 3);
    parts.push(size, block);
  }
  return Buffer.concat(parts);
}
