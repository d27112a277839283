import { noFields, type EtcdFields, type LeaseId } from './records.js';

/**
 * etcd's JSON gateway (grpc-gateway): the gRPC calls as `POST /v3/…` with a JSON body, over HTTP/1.1 or HTTP/2. 64-bit
 * integers are strings in JSON, bytes are base64, and what is zero is left out.
 */
const PREFIX = /^\/v3(?:alpha|beta)?\//;
const LEASE_CALLS = new Map([
  ['lease/grant', 'LeaseGrant'],
  ['lease/keepalive', 'LeaseKeepAlive'],
  ['lease/revoke', 'LeaseRevoke'],
  ['kv/lease/revoke', 'LeaseRevoke'],
  ['lease/timetolive', 'LeaseTimeToLive'],
  ['kv/lease/timetolive', 'LeaseTimeToLive'],
]);

/** Operation of a gateway's path that is about leases (`/v3/lease/keepalive`); null for any other. */
export function gatewayOp(path: string): string | null {
  const prefix = PREFIX.exec(path);
  return prefix === null ? null : (LEASE_CALLS.get(path.slice(prefix[0].length)) ?? null);
}

/** What is read of a body. Numbers are taken from the text: a lease id has more digits than a double. */
export function readGatewayBody(op: string, kind: 'request' | 'response', body: Buffer): EtcdFields {
  const fields = noFields();
  const text = body.toString('utf8');
  const id = integer(text, 'ID');
  fields.leaseId = id === null ? null : leaseIdOf(id);
  fields.ttl = seconds(text, 'TTL');
  if (kind === 'request') return fields;
  if (op === 'LeaseKeepAlive' || op === 'LeaseTimeToLive') fields.ttl ??= 0;
  fields.grantedTtl = seconds(text, 'grantedTTL');
  fields.revision = seconds(text, 'revision');
  fields.raftTerm = seconds(text, 'raft_term');
  fields.memberId = hexadecimal(text, 'member_id');
  fields.clusterId = hexadecimal(text, 'cluster_id');
  return fields;
}

function hexadecimal(text: string, name: string): string | null {
  const value = integer(text, name);
  return value === null ? null : BigInt.asUintN(64, value).toString(16);
}

/** Value of the first member of that name that is an integer, as a number or as a string. */
function integer(text: string, name: string): bigint | null {
  const found = new RegExp(`"${name}"\\s{0,9}:\\s{0,9}"?(-?[0-9]{1,20})(?![0-9.eE])`).exec(text);
  return found === null ? null : BigInt(found[1]!);
}

function seconds(text: string, name: string): number | null {
  const value = integer(text, name);
  return value === null ? null : Number(BigInt.asIntN(64, value));
}

function leaseIdOf(id: bigint): LeaseId | null {
  if (id === 0n) return null;
  return { decimal: BigInt.asIntN(64, id).toString(), hex: `0x${BigInt.asUintN(64, id).toString(16)}` };
}
