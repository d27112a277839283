import { TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import type { MessageBase } from '../protocol.js';
import { grpcStatusName } from '../transport/grpc/status.js';
import { gatewayOp } from './gateway.js';
import { pathOf } from './operations.js';
import type { EtcdFields, LeaseId } from './records.js';
import { noFields } from './records.js';

/** Where a message lies: as every message says it, and the time of its first byte, by which renewals are counted. */
export interface MessagePlace {
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly frame: number;
  readonly time: number;
  readonly streamEnd: number;
}

export type EtcdTransport = 'http' | 'grpc';

/** What belongs to some messages only. */
export interface EtcdDetails {
  readonly method?: string;
  /** Request target or :path. Text of the capture: escape it before it is shown. */
  readonly path?: string | null;
  /** HTTP status. */
  readonly status?: number | null;
  readonly grpcStatus?: number | null;
  /** Text of an error's body or grpc-message, cut at 256 characters. */
  readonly error?: string | null;
  /** Bytes of the body or of the gRPC message. */
  readonly length?: number | null;
  /** Responses: the request, null where it was not captured; and nanoseconds since its completion. */
  readonly request?: EtcdMessage | null;
  readonly latency?: number | null;
  readonly truncated?: boolean;
  /** Named by its shape alone: the start of the connection, which would prove it, was not captured. */
  readonly guessed?: boolean;
  readonly compressed?: boolean;
  /** HTTP/2 error code's name of RST_STREAM or GOAWAY. */
  readonly http2Error?: string | null;
  readonly fields?: EtcdFields;
}

/**
 * One message of etcd: an HTTP/1.1 request or response between members (or of a client's HTTP API), or one gRPC message.
 * A unary gRPC response is complete when its status is known.
 */
export class EtcdMessage implements MessageBase {
  readonly protocol = 'etcd';
  readonly frame: number;
  readonly time: number;
  readonly firstFrame: number;
  /** Time of `firstFrame`. */
  readonly firstTime: number;
  streamEnd: number;
  readonly method: string | null;
  readonly path: string | null;
  readonly status: number | null;
  readonly grpcStatus: number | null;
  readonly error: string | null;
  readonly length: number | null;
  readonly request: EtcdMessage | null;
  /** Nanoseconds since the request was complete; null where that is not known. */
  readonly latency: number | null;
  readonly truncated: boolean;
  readonly guessed: boolean;
  readonly compressed: boolean;
  readonly http2Error: string | null;
  readonly fields: EtcdFields;

  constructor(
    readonly direction: Direction,
    readonly kind: 'request' | 'response' | 'message',
    readonly op: string | null,
    readonly transport: EtcdTransport,
    place: MessagePlace,
    details: EtcdDetails = {},
  ) {
    this.frame = place.frame;
    this.time = place.time;
    this.firstFrame = place.firstFrame;
    this.firstTime = place.firstTime;
    this.streamEnd = place.streamEnd;
    this.method = details.method ?? null;
    this.path = details.path ?? null;
    this.status = details.status ?? null;
    this.grpcStatus = details.grpcStatus ?? null;
    this.error = details.error ?? null;
    this.length = details.length ?? null;
    this.request = details.request ?? null;
    this.latency = details.latency ?? null;
    this.truncated = details.truncated ?? false;
    this.guessed = details.guessed ?? false;
    this.compressed = details.compressed ?? false;
    this.http2Error = details.http2Error ?? null;
    this.fields = details.fields ?? noFields();
  }

  get leaseId(): LeaseId | null {
    return this.fields.leaseId;
  }

  get ttl(): number | null {
    return this.fields.ttl;
  }

  /** Said by a client, over gRPC or the JSON gateway, and not by one member to another. */
  get ofClient(): boolean {
    return this.transport === 'grpc' || (this.path !== null && gatewayOp(pathOf(this.path)) !== null);
  }

  toRecord(): Record<string, unknown> {
    const { fields } = this;
    const record: Record<string, unknown> = { transport: this.transport };
    const put = (name: string, value: unknown): void => {
      if (value !== null && value !== undefined) record[name] = value;
    };
    if (this.kind === 'message') record['direction'] = this.direction === TO_SERVER ? 'request' : 'response';
    put('method', this.method);
    put('path', this.path);
    put('status', this.status);
    if (this.grpcStatus !== null) record['grpcStatus'] = grpcStatusName(this.grpcStatus);
    put('error', this.error ?? fields.error);
    put('leaseId', fields.leaseId?.decimal);
    put('leaseHex', fields.leaseId?.hex);
    put('ttl', fields.ttl);
    put('grantedTtl', fields.grantedTtl);
    put('keys', fields.keys);
    put('key', fields.key);
    put('revision', fields.revision);
    put('raftTerm', fields.raftTerm);
    put('memberId', fields.memberId);
    put('clusterId', fields.clusterId);
    put('length', this.length);
    put('http2Error', this.http2Error);
    if (this.latency !== null) record['latency'] = this.latency / 1e9;
    if (this.request !== null) record['requestFrame'] = this.request.frame;
    if (this.guessed) record['guessed'] = true;
    if (this.compressed) record['compressed'] = true;
    return record;
  }
}

/** One that was decoded, with the connection that it came on. */
export class DecodedEtcdMessage extends EtcdMessage {
  constructor(
    readonly connection: Connection,
    ...message: ConstructorParameters<typeof EtcdMessage>
  ) {
    super(...message);
  }
}
