import { defineFields } from '../field.js';

/** Every field that a message of etcd is printed with. */
export const etcdFields = defineFields({
  transport: {
    type: { oneOf: ['http', 'grpc'] },
    text: 'HTTP/1.1 of members (or of the HTTP API), or gRPC of clients',
  },
  direction: {
    type: { oneOf: ['request', 'response'] },
    kinds: ['message'],
    text: 'which way a message went that is neither',
  },
  method: { type: 'string', text: 'HTTP method' },
  path: { type: 'string', text: 'request target, or :path of HTTP/2' },
  status: { type: 'integer', kinds: ['response'], text: 'HTTP status' },
  grpcStatus: { type: 'string', text: "gRPC's name of the status, OK and others" },
  error: { type: 'string', text: "text of an error's body or of grpc-message, cut at 256 characters" },
  leaseId: { type: 'decimal64', text: 'lease, signed decimal' },
  leaseHex: { type: 'hex64', text: "the same, two's complement" },
  ttl: { type: 'number', unit: 'seconds', text: 'time to live: asked for, granted or remaining' },
  grantedTtl: { type: 'number', unit: 'seconds', text: 'time to live that the lease was granted with' },
  keys: { type: 'count', text: 'keys attached to the lease' },
  key: { type: 'string', kinds: ['request'], text: 'key of a KV request, cut at 1024 bytes' },
  revision: { type: 'number', text: "revision of the answer's header" },
  raftTerm: { type: 'number', text: "Raft term of the answer's header" },
  memberId: { type: 'string', text: 'member that answered, hex' },
  clusterId: { type: 'string', text: 'its cluster, hex' },
  length: { type: 'count', unit: 'bytes', text: 'body, or gRPC message' },
  http2Error: { type: 'string', text: 'error code of RST_STREAM or GOAWAY' },
  latency: { type: 'seconds', unit: 'seconds', text: 'from the completion of the request' },
  requestFrame: {
    type: 'count',
    kinds: ['response'],
    text: 'frame that completed the request; absent where that was not captured',
  },
  guessed: { type: 'flag', text: 'named by its shape only: the start of the connection was not captured' },
  compressed: { type: 'flag', text: 'the message is compressed and was not read' },
});
