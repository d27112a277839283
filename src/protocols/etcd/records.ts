import { BYTES, ProtobufReader, VARINT } from './protobuf.js';

/** A 64-bit lease id: its text is what logs and `etcdctl` (in hex) print. */
export interface LeaseId {
  /** Signed decimal. */
  readonly decimal: string;
  /** Two's complement, `0x…`. */
  readonly hex: string;
}

/** What is read of a request's or response's message; null where the record has no such field or it was not captured. */
export interface EtcdFields {
  leaseId: LeaseId | null;
  /** Seconds: asked for by LeaseGrant, granted or remaining in responses. */
  ttl: number | null;
  grantedTtl: number | null;
  /** Keys attached to a lease: number of them in LeaseTimeToLive responses. */
  keys: number | null;
  /** Key of KV requests, as UTF-8, cut at 1024 bytes. */
  key: string | null;
  revision: number | null;
  raftTerm: number | null;
  /** Hexadecimal. */
  memberId: string | null;
  clusterId: string | null;
  /** LeaseGrantResponse.error. */
  error: string | null;
  malformed: boolean;
}

/**
 * Of a key of etcd.
 * @bound bytes
 */
const MAX_KEY = 1024;
const MAX_ERROR = 256;

/** Id 0 means that there is none (protobuf leaves out what is zero). */
export function leaseId(hi: number, lo: number): LeaseId | null {
  if (hi === 0 && lo === 0) return null;
  const unsigned = (BigInt(hi) << 32n) | BigInt(lo);
  return { decimal: BigInt.asIntN(64, unsigned).toString(), hex: `0x${unsigned.toString(16)}` };
}

export function noFields(): EtcdFields {
  return {
    leaseId: null,
    ttl: null,
    grantedTtl: null,
    keys: null,
    key: null,
    revision: null,
    raftTerm: null,
    memberId: null,
    clusterId: null,
    error: null,
    malformed: false,
  };
}

type Reader = (fields: EtcdFields, message: ProtobufReader) => void;

function readId(fields: EtcdFields, message: ProtobufReader): void {
  if (message.wire === VARINT) fields.leaseId = leaseId(message.hi, message.lo);
}

function readText(message: ProtobufReader, limit: number): string | null {
  if (message.wire !== BYTES) return null;
  return message.bytes.toString('utf8', message.start, Math.min(message.end, message.start + limit));
}

/** ResponseHeader: cluster_id 1, member_id 2 (both uint64), revision 3 (int64), raft_term 4 (uint64). */
function readHeader(fields: EtcdFields, message: ProtobufReader): void {
  if (message.wire !== BYTES) return;
  const header = new ProtobufReader(message.bytes, message.start, message.end);
  while (header.next()) {
    if (header.wire !== VARINT) continue;
    if (header.field === 1) fields.clusterId = hexadecimal(header);
    else if (header.field === 2) fields.memberId = hexadecimal(header);
    else if (header.field === 3) fields.revision = header.number;
    else if (header.field === 4) fields.raftTerm = header.number;
  }
}

function hexadecimal({ hi, lo }: ProtobufReader): string {
  return hi === 0 ? lo.toString(16) : `${hi.toString(16)}${lo.toString(16).padStart(8, '0')}`;
}

/** LeaseGrantRequest: TTL 1, ID 2 (0: the server chooses one). */
const readGrantRequest: Reader = (fields, message) => {
  if (message.wire !== VARINT) return;
  if (message.field === 1) fields.ttl = message.number;
  else if (message.field === 2) readId(fields, message);
};

/** LeaseGrantResponse: header 1, ID 2, TTL 3, error 4. */
const readGrantResponse: Reader = (fields, message) => {
  if (message.field === 1) readHeader(fields, message);
  else if (message.field === 2) readId(fields, message);
  else if (message.field === 3 && message.wire === VARINT) fields.ttl = message.number;
  else if (message.field === 4) fields.error = readText(message, MAX_ERROR);
};

/** LeaseKeepAliveRequest, LeaseRevokeRequest: ID 1. LeaseTimeToLiveRequest: ID 1, keys 2. */
const readIdRequest: Reader = (fields, message) => {
  if (message.field === 1) readId(fields, message);
};

/** LeaseKeepAliveResponse: header 1, ID 2, TTL 3 (0: there is no such lease any more). */
const readKeepAliveResponse: Reader = (fields, message) => {
  fields.ttl ??= 0;
  if (message.field === 1) readHeader(fields, message);
  else if (message.field === 2) readId(fields, message);
  else if (message.field === 3 && message.wire === VARINT) fields.ttl = message.number;
};

/** LeaseTimeToLiveResponse: header 1, ID 2, TTL 3 (-1: no such lease), grantedTTL 4, keys 5 (repeated). */
const readTimeToLiveResponse: Reader = (fields, message) => {
  if (message.field === 4 && message.wire === VARINT) fields.grantedTtl = message.number;
  else if (message.field === 5) fields.keys = (fields.keys ?? 0) + 1;
  else readKeepAliveResponse(fields, message);
};

/** LeaseInternalRequest, LeaseInternalResponse: field 1 holds the LeaseTimeToLive request or response. */
function inner(read: Reader): Reader {
  return (fields, message) => {
    if (message.field === 1 && message.wire === BYTES) readAll(fields, message.bytes, message.start, message.end, read);
  };
}

/** PutRequest: key 1, value 2, lease 3. RangeRequest, DeleteRangeRequest: key 1, range_end 2. */
const readPutRequest: Reader = (fields, message) => {
  if (message.field === 1) fields.key = readText(message, MAX_KEY);
  else if (message.field === 3) readId(fields, message);
};
const readKeyRequest: Reader = (fields, message) => {
  if (message.field === 1) fields.key = readText(message, MAX_KEY);
};

/** Nearly every response has its header in field 1. */
const readAnyResponse: Reader = (fields, message) => {
  if (message.field === 1) readHeader(fields, message);
};

const REQUESTS = new Map<string, Reader>([
  ['LeaseGrant', readGrantRequest],
  ['LeaseRevoke', readIdRequest],
  ['LeaseKeepAlive', readIdRequest],
  ['LeaseTimeToLive', readIdRequest],
  ['KV/Put', readPutRequest],
  ['KV/Range', readKeyRequest],
  ['KV/DeleteRange', readKeyRequest],
]);

const RESPONSES = new Map<string, Reader>([
  ['LeaseGrant', readGrantResponse],
  ['LeaseKeepAlive', readKeepAliveResponse],
  ['LeaseTimeToLive', readTimeToLiveResponse],
]);

const INTERNAL_REQUEST = inner(readIdRequest);
const INTERNAL_RESPONSE = inner(readTimeToLiveResponse);

/**
 * Decodes a message of an operation under the names that `EtcdMessage.op` uses (etcd's rpc.proto and lease.proto, 3.4).
 * `internal`: the body of `/leases/internal`, which wraps the record once more.
 */
export function readRecord(op: string, kind: 'request' | 'response', internal: boolean, body: Buffer): EtcdFields {
  const fields = noFields();
  let read = kind === 'request' ? REQUESTS.get(op) : (RESPONSES.get(op) ?? readAnyResponse);
  if (internal) read = kind === 'request' ? INTERNAL_REQUEST : INTERNAL_RESPONSE;
  if (read !== undefined) readAll(fields, body, 0, body.length, read);
  return fields;
}

function readAll(fields: EtcdFields, bytes: Buffer, start: number, end: number, read: Reader): void {
  const message = new ProtobufReader(bytes, start, end);
  while (message.next()) read(fields, message);
  if (message.malformed) fields.malformed = true;
}

/** Is this, by its shape, a LeaseKeepAliveRequest: one varint in field 1 and nothing else? */
export function looksLikeKeepAliveRequest(body: Buffer): boolean {
  const message = new ProtobufReader(body, 0, body.length);
  return message.next() && message.field === 1 && message.wire === VARINT && !message.next() && !message.malformed;
}

/** Is this, by its shape, a LeaseKeepAliveResponse: a header, an id, a TTL and nothing else? */
export function looksLikeKeepAliveResponse(body: Buffer): boolean {
  const message = new ProtobufReader(body, 0, body.length);
  let seen = '';
  while (message.next()) {
    if (message.wire !== (message.field === 1 ? BYTES : VARINT)) return false;
    seen += String(message.field);
  }
  return !message.malformed && (seen === '123' || seen === '12');
}
