import { BYTES, ProtobufReader, VARINT } from '../../protocols/etcd/protobuf.js';
import type { Maps } from './juteRewriter.js';

/** What a field holds: a number, which stays; a key, a value or text, which become others; a message. */
type Kind = 'number' | 'key' | 'value' | 'text' | (() => Schema);
type Schema = Readonly<Record<number, Kind>>;

/** Messages of etcd's rpc.proto, kv.proto and lease.proto: of each field what it holds, by its number. */
const header = (): Schema => ({ 1: 'number', 2: 'number', 3: 'number', 4: 'number' });
const keyValue = (): Schema => ({ 1: 'key', 2: 'number', 3: 'number', 4: 'number', 5: 'value', 6: 'number' });
const rangeRequest = (): Schema => ({ 1: 'key', 2: 'key', ...numbers(3, 13) });
const rangeResponse = (): Schema => ({ 1: header, 2: keyValue, 3: 'number', 4: 'number' });
const putRequest = (): Schema => ({ 1: 'key', 2: 'value', ...numbers(3, 6) });
const putResponse = (): Schema => ({ 1: header, 2: keyValue });
const deleteRequest = (): Schema => ({ 1: 'key', 2: 'key', 3: 'number' });
const deleteResponse = (): Schema => ({ 1: header, 2: 'number', 3: keyValue });
const compare = (): Schema => ({
  1: 'number',
  2: 'number',
  3: 'key',
  ...numbers(4, 6),
  7: 'value',
  8: 'number',
  64: 'key',
});
const requestOp = (): Schema => ({ 1: rangeRequest, 2: putRequest, 3: deleteRequest, 4: txnRequest });
const responseOp = (): Schema => ({ 1: rangeResponse, 2: putResponse, 3: deleteResponse, 4: txnResponse });
const txnRequest = (): Schema => ({ 1: compare, 2: requestOp, 3: requestOp });
const txnResponse = (): Schema => ({ 1: header, 2: 'number', 3: responseOp });
const watchCreate = (): Schema => ({ 1: 'key', 2: 'key', ...numbers(3, 8) });
const watchRequest = (): Schema => ({ 1: watchCreate, 2: () => ({ 1: 'number' }), 3: () => ({}) });
const event = (): Schema => ({ 1: 'number', 2: keyValue, 3: keyValue });
const watchResponse = (): Schema => ({ 1: header, ...numbers(2, 5), 6: 'text', 7: 'number', 11: event });
const lease = (): Schema => ({ 1: header, 2: 'number', 3: 'number', 4: 'text' });
const timeToLiveRequest = (): Schema => ({ 1: 'number', 2: 'number' });
const timeToLiveResponse = (): Schema => ({ 1: header, ...numbers(2, 4), 5: 'key' });
const id = (): Schema => ({ 1: 'number' });

const SCHEMAS: Readonly<Record<string, readonly [request: () => Schema, response: () => Schema]>> = {
  'KV/Range': [rangeRequest, rangeResponse],
  'KV/Put': [putRequest, putResponse],
  'KV/DeleteRange': [deleteRequest, deleteResponse],
  'KV/Txn': [txnRequest, txnResponse],
  'KV/Compact': [() => numbers(1, 2), () => ({ 1: header })],
  'Watch/Watch': [watchRequest, watchResponse],
  LeaseGrant: [() => numbers(1, 2), lease],
  LeaseRevoke: [id, () => ({ 1: header })],
  LeaseKeepAlive: [id, lease],
  LeaseTimeToLive: [timeToLiveRequest, timeToLiveResponse],
  LeaseLeases: [() => ({}), () => ({ 1: header, 2: id })],
  'Maintenance/Status': [
    () => ({}),
    () => ({ 1: header, 2: 'text', ...numbers(3, 7), 8: 'text', 9: 'number', 10: 'number' }),
  ],
};
/** Members ask each other for the time to live of a lease in a message around it. */
const INTERNAL: readonly [() => Schema, () => Schema] = [
  () => ({ 1: timeToLiveRequest }),
  () => ({ 1: timeToLiveResponse }),
];
const DEEPEST = 16;

function numbers(from: number, to: number): Record<number, Kind> {
  return Object.fromEntries(Array.from({ length: to - from + 1 }, (_, i) => [from + i, 'number' as const]));
}

/**
 * Rewrites the message of an operation (see grpcOp); zeros where it is not known or not understood.
 * @param internal it lies in a message between members
 */
export function rewriteProtobuf(op: string, ofRequest: boolean, bytes: Buffer, maps: Maps, internal = false): Buffer {
  const known = internal ? INTERNAL : Object.hasOwn(SCHEMAS, op) ? SCHEMAS[op] : undefined;
  const out = Buffer.from(bytes);
  if (known !== undefined && rewrite(out, 0, out.length, known[ofRequest ? 0 : 1](), maps, 0)) return out;
  return Buffer.alloc(bytes.length);
}

/** Replaces what has to be replaced in place; false where a field is not known. */
function rewrite(bytes: Buffer, start: number, end: number, schema: Schema, maps: Maps, depth: number): boolean {
  if (depth > DEEPEST) return false;
  const { names, contents } = maps;
  const reader = new ProtobufReader(bytes, start, end);
  while (reader.next()) {
    const kind = schema[reader.field];
    if (kind === undefined || reader.wire !== (kind === 'number' ? VARINT : BYTES)) return false;
    if (kind === 'number') continue;
    if (typeof kind === 'function') {
      if (!rewrite(bytes, reader.start, reader.end, kind(), maps, depth + 1)) return false;
      continue;
    }
    const content = Buffer.from(bytes.subarray(reader.start, reader.end));
    const map =
      kind === 'key' ? names.path(content) : kind === 'value' ? contents.data(content) : contents.text(content);
    map.copy(bytes, reader.start);
  }
  return !reader.malformed;
}
