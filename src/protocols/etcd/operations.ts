import { gatewayOp } from './gateway.js';

const HTTP_PATHS = [
  '/version',
  '/health',
  '/metrics',
  '/members',
  '/raft',
  '/raft/probing',
  '/raft/snapshot',
  '/raft/stream/message',
  '/raft/stream/msgapp',
  '/v2/keys',
  '/v2/members',
  '/v2/stats',
  '/v2/auth',
  '/v2/machines',
  '/v3/kv',
  '/v3/lease',
  '/v3/watch',
  '/v3/auth',
  '/v3/cluster',
  '/v3/maintenance',
  '/debug',
  '/downgrade/enabled',
  '/hashkv',
];

/** Operations that have names of their own; others are `GET /path` or `Service/Method`. */
export const etcdOps: readonly string[] = [
  ...['LeaseKeepAlive', 'LeaseTimeToLive', 'LeaseGrant', 'LeaseRevoke', 'LeaseLeases', 'LeaseCheckpoint', 'gRPC'],
  ...['GET', 'POST', 'PUT', 'DELETE', 'HEAD'],
  ...HTTP_PATHS.map((path) => `GET ${path}`),
];

/** Without its query, and of an absolute target only the path. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query < 0 ? target : target.slice(0, query);
}

/**
 * Operation of an HTTP request: `LeaseKeepAlive` for `POST /leases`, `LeaseTimeToLive` for `POST /leases/internal`, the
 * gRPC call's name for the JSON gateway's leases (`POST /v3/lease/keepalive`),
 * otherwise method and the longest path of etcd's that the target lies under (`GET /raft/stream/message`), or the method
 * alone where etcd has no such path. The number of different names is bounded.
 */
export function httpOp(method: string, target: string): string {
  const path = pathOf(target);
  if (method === 'POST' && path === '/leases') return 'LeaseKeepAlive';
  if (method === 'POST' && path === '/leases/internal') return 'LeaseTimeToLive';
  const ofGateway = method === 'POST' ? gatewayOp(path) : null;
  if (ofGateway !== null) return ofGateway;
  let longest = '';
  for (const known of HTTP_PATHS) {
    if (known.length > longest.length && (path === known || path.startsWith(`${known}/`))) longest = known;
  }
  return longest === '' ? method : `${method} ${longest}`;
}

/** Is this a request whose response goes on as long as the connection lives? */
export function isEndlessResponse(method: string, target: string): boolean {
  if (method !== 'GET') return false;
  if (target.startsWith('/raft/stream/')) return true;
  return target.startsWith('/v2/keys') && /[?&](?:wait|stream)=true/.test(target);
}

const PACKAGE = '/etcdserverpb.';
const SERVICES = ['KV', 'Watch', 'Lease', 'Cluster', 'Maintenance', 'Auth'];
/** v3election and v3lock have packages of their own. */
const OTHER_SERVICES = ['/v3electionpb.Election/', '/v3lockpb.Lock/', '/grpc.health.v1.Health/'];
const MAX_METHOD_NAME = 64;

/** Does a gRPC :path belong to etcd? */
export function isEtcdPath(path: string): boolean {
  return path.startsWith(PACKAGE) || path.startsWith('/v3electionpb.') || path.startsWith('/v3lockpb.');
}

/**
 * Operation of a gRPC call: the method's name for leases (`LeaseGrant`, `LeaseKeepAlive`), service and method otherwise
 * (`KV/Put`), `gRPC` for a service that is not etcd's.
 */
export function grpcOp(path: string): string {
  if (path.startsWith(PACKAGE)) {
    const [service, method, more] = path.slice(PACKAGE.length).split('/');
    if (service !== undefined && method !== undefined && more === undefined && SERVICES.includes(service)) {
      if (!/^[A-Za-z]+$/.test(method) || method.length > MAX_METHOD_NAME) return 'gRPC';
      return service === 'Lease' ? method : `${service}/${method}`;
    }
  }
  for (const prefix of OTHER_SERVICES) {
    const method = path.slice(prefix.length);
    if (path.startsWith(prefix) && /^[A-Za-z]{1,64}$/.test(method)) {
      return `${prefix.slice(prefix.lastIndexOf('.') + 1)}${method}`;
    }
  }
  return 'gRPC';
}

const STREAMING = new Set(['LeaseKeepAlive', 'Watch/Watch', 'Maintenance/Snapshot', 'Election/Observe']);

/** May the server send several messages in answer, each when it is ready? */
export function hasStreamingResponse(op: string): boolean {
  return STREAMING.has(op) || op === 'Health/Watch';
}

/** Does each message of the client on this stream get one message in answer, in order? */
export function answersInTurn(op: string): boolean {
  return op === 'LeaseKeepAlive' || !hasStreamingResponse(op);
}
