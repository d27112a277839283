import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Wireshark's programs, where they are installed, as judges. */

export const hasTshark = has('tshark');
export const hasEditcap = has('editcap');
export const hasCapinfos = has('capinfos');

function has(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Gives the callback a path at which the bytes are a file. */
export function withFile<T>(bytes: Buffer, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  try {
    const path = join(folder, 'capture');
    writeFileSync(path, bytes);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function run(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 29 });
}

/** Linux's own VXLAN port is not known to every version. */
const DECODE_AS = ['-d', 'udp.port==8472,vxlan'];

/** Values of these fields in every frame that the filter lets pass, the innermost where a field occurs several times. */
export function tsharkFields(
  path: string,
  filter: string,
  fields: readonly string[],
  preferences: readonly string[] = [],
): string[][] {
  const columns = fields.flatMap((field) => ['-e', field]);
  const output = run('tshark', [
    ...preferences.flatMap((preference) => ['-o', preference]),
    ...['-r', path, ...DECODE_AS, '-Y', filter, '-T', 'fields', '-E', 'occurrence=l'],
    ...columns,
  ]);
  return output === ''
    ? []
    : output
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => line.split('\t'));
}

export interface FollowedStream {
  /** Sender of the first packet, and the other end. */
  readonly ends: readonly [string, string];
  /** All bytes in order that each end sent. */
  readonly bytes: readonly [Buffer, Buffer];
}

/**
 * The payload of the capture's TCP streams 0 to `count` - 1, as tshark's "Follow TCP Stream" has it; with a key log their
 * plain text, as its "Follow TLS Stream".
 */
export function tsharkStreams(path: string, count: number, keyLog?: string): FollowedStream[] {
  const kind = keyLog === undefined ? 'tcp' : 'tls';
  const follow = Array.from({ length: count }, (_, stream) => ['-z', `follow,${kind},raw,${stream}`]);
  const keys = keyLog === undefined ? [] : ['-o', `tls.keylog_file:${keyLog}`];
  // It takes a COMMIT for a message of RDP, falls over it, and leaves it out.
  const no = ['--disable-protocol', 'rdpmt'];
  const output = run('tshark', ['-r', path, '-q', ...no, ...DECODE_AS, ...keys, ...follow.flat()]);
  // Printed in the reverse order of asking.
  return output
    .split(/^Follow: (?:tcp|tls),raw$/m)
    .slice(1)
    .map((text) => {
      const stream = Number(/^Filter: tcp\.stream eq (\d+)$/m.exec(text)?.[1]);
      const node = (number: number): string => new RegExp(`^Node ${number}: (.*)$`, 'm').exec(text)?.[1] ?? '';
      const hex = (pattern: RegExp): Buffer =>
        Buffer.from((text.match(pattern) ?? []).join('').replace(/\s/g, ''), 'hex');
      const bytes = [hex(/^[0-9a-f]+$/gm), hex(/^\t[0-9a-f]+$/gm)] as const;
      return { stream, ends: [node(0), node(1)] as const, bytes };
    })
    .sort((a, b) => a.stream - b.stream)
    .map(({ ends, bytes }) => ({ ends, bytes }));
}
