import { isEtcdPath } from '../../protocols/etcd/operations.js';
import { leaderRefusal } from '../../protocols/etcd/refusals.js';
import { gatewayOp } from '../../protocols/etcd/gateway.js';
import { HpackDecoder } from '../../protocols/transport/http2/hpack.js';
import type { AnonymizingKey } from './key.js';
import type { Maps } from './juteRewriter.js';

/** Fields whose values say how something is sent, and nothing of anybody. */
const KEPT_FIELDS: readonly string[] = [
  ...[':method', ':scheme', ':status', 'content-type', 'te', 'trailer', 'content-length', 'accept-encoding'],
  ...['grpc-timeout', 'grpc-encoding', 'grpc-accept-encoding', 'grpc-status', 'hasleader', 'trailers', 'date'],
];
/** Names of fields that everybody uses. */
const KNOWN_NAMES: readonly string[] = [
  ...KEPT_FIELDS,
  ...[':authority', ':path', 'user-agent', 'authorization', 'token', 'grpc-message', 'host', 'accept', 'server'],
  ...['grpc-metadata-content-type', 'grpc-trace-bin', 'vary', 'access-control-allow-origin', 'hasleader'],
];
const KEPT_VALUE = /^[A-Za-z0-9 ,:;=/+.*-]{0,80}$/;
/** Two characters of eight bits in HPACK's Huffman code: X and Z. A string of nothing else needs no padding. */
const HUFFMAN = [0xfc, 0xfd];

/** Whether a target is one of etcd's own: then it names nothing else. */
export function isKnownTarget(path: string): boolean {
  return (
    (isEtcdPath(path) || path.startsWith('/grpc.health.v1.Health/') || gatewayOp(path) !== null) &&
    KEPT_VALUE.test(path)
  );
}

/** Header blocks of one direction of an HTTP/2 connection, rewritten in place: lengths and indices stay. */
export class HpackRewriter {
  private readonly decoder: HpackDecoder;
  private at = 0;

  constructor(
    fromStart: boolean,
    private readonly maps: Maps,
    private readonly key: AnonymizingKey,
  ) {
    this.decoder = new HpackDecoder(fromStart);
  }

  /** Rewrites a whole block; null where it is malformed. `path` is that of `:path`, if it is known. */
  rewrite(block: Buffer): { readonly out: Buffer; readonly path: string | null } | null {
    const out = Buffer.from(block);
    let path: string | null = null;
    this.at = 0;
    while (this.at < block.length) {
      const start = this.at;
      const strings = this.representation(block);
      if (strings === null) return null;
      const field = this.decoder.decode(block, start, this.at)?.fields[0];
      if (field?.name === ':path') path = field.value;
      const [name, value] = strings.length === 2 ? strings : [null, strings[0] ?? null];
      if (name !== null && (field === undefined || !KNOWN_NAMES.includes(field.name))) this.replace(out, name);
      if (value !== null && (field === undefined || !this.keeps(field.name, field.value))) this.replace(out, value);
    }
    return { out, path };
  }

  private keeps(name: string, value: string): boolean {
    if (name === 'grpc-message') return leaderRefusal(value) !== null;
    return name === ':path' ? isKnownTarget(value) : KEPT_FIELDS.includes(name) && KEPT_VALUE.test(value);
  }

  private replace(out: Buffer, { huffman, start, end }: Place): void {
    const bytes = Buffer.from(out.subarray(start, end));
    if (!huffman) {
      this.maps.contents.text(bytes).copy(out, start);
      return;
    }
    this.maps.contents.counts.texts++;
    const choice = this.key.bytes('HPACK', bytes, bytes.length);
    for (let i = 0; i < bytes.length; i++) out[start + i] = HUFFMAN[choice[i]! & 1]!;
  }

  /** Passes over one representation (RFC 7541, 6): the strings in it; null where it is malformed. */
  private representation(bytes: Buffer): Place[] | null {
    const first = bytes[this.at]!;
    if ((first & 0x80) !== 0) return this.integer(bytes, 7) === null ? null : [];
    if ((first & 0xe0) === 0x20) return this.integer(bytes, 5) === null ? null : [];
    const index = this.integer(bytes, (first & 0x40) !== 0 ? 6 : 4);
    if (index === null) return null;
    const strings: Place[] = [];
    for (let left = index === 0 ? 2 : 1; left > 0; left--) {
      const huffman = (bytes[this.at] ?? 0) >= 0x80;
      const length = this.integer(bytes, 7);
      if (length === null || length > bytes.length - this.at) return null;
      strings.push({ huffman, start: this.at, end: this.at + length });
      this.at += length;
    }
    return strings;
  }

  private integer(bytes: Buffer, bits: number): number | null {
    if (this.at >= bytes.length) return null;
    const mask = 2 ** bits - 1;
    let value = bytes[this.at++]! & mask;
    if (value < mask) return value;
    for (let factor = 1; this.at < bytes.length && factor < 2 ** 28; factor *= 128) {
      const byte = bytes[this.at++]!;
      value += (byte & 0x7f) * factor;
      if ((byte & 0x80) === 0) return value;
    }
    return null;
  }
}

interface Place {
  readonly huffman: boolean;
  readonly start: number;
  readonly end: number;
}
