import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import type { StreamChunk } from '../../network/streamChunk.js';
import { Http1Connection, type Http1Exchange, type Http1Handler } from '../transport/http1/connection.js';
import type { Http1Head } from '../transport/http1/head.js';
import { HeldTally } from '../byteCollector.js';
import type { BodyReader, Http1Message, Http1Place } from '../transport/http1/message.js';
import type { ConnectionDecoder, MessageSink } from '../protocol.js';
import { DecodedEtcdMessage, EtcdMessage } from './message.js';
import { gatewayOp, readGatewayBody } from './gateway.js';
import { KEEP_ALIVE, KeepAliveStream } from './keepAliveStream.js';
import { httpOp, isEndlessResponse, pathOf } from './operations.js';
import { readRecord, type EtcdFields } from './records.js';

/**
 * Lease messages have some 20 bytes; a list of keys may be long.
 * @bound bytes
 */
const KEPT_OF_PROTOBUF = 65536;
const KEPT_OF_ERROR = 256;

/** HTTP/1.1 as etcd's members speak it among themselves, and as its clients may. */
export class EtcdHttpDecoder implements ConnectionDecoder, Http1Handler<EtcdMessage> {
  private readonly http: Http1Connection<EtcdMessage>;
  private endlessSeen = false;
  private readonly tally = new HeldTally();
  /** Calls that renew leases as long as they live, by what asked for them. */
  private readonly streams = new WeakMap<Http1Head, KeepAliveStream>();
  /** Those of them whose response has not ended. */
  private readonly renewing = new Set<KeepAliveStream>();

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    aligned: boolean,
  ) {
    this.http = new Http1Connection(this, aligned);
  }

  get held(): number {
    return this.http.held + this.tally.bytes;
  }

  giveUp(): void {
    this.http.giveUp();
    for (const stream of this.renewing) stream.close();
    this.renewing.clear();
  }

  data(chunk: StreamChunk): void {
    this.http.data(chunk);
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number): void {
    this.http.gap(direction, length, position, frame, time);
  }

  fin(direction: Direction): void {
    this.http.fin(direction);
  }

  end(): void {
    this.http.end();
  }

  keepBody(head: Http1Head, exchange: Http1Exchange<EtcdMessage> | null): number {
    if (head.kind === 'response' && head.status >= 400) return KEPT_OF_ERROR;
    const request = head.kind === 'request' ? head : exchange?.request;
    if (request === undefined) return isProtobuf(head) ? KEPT_OF_PROTOBUF : 0;
    return isLeasePath(request) || isGateway(request) ? KEPT_OF_PROTOBUF : 0;
  }

  bodyReader(head: Http1Head, exchange: Http1Exchange<EtcdMessage> | null): BodyReader | null {
    const request = exchange?.request;
    if (request === undefined || !isGateway(request)) return null;
    if (httpOp(request.method, request.target) !== KEEP_ALIVE) return null;
    if (head.kind === 'response' && head.status !== 200) return null;
    let stream = this.streams.get(request);
    if (stream === undefined) {
      stream = new KeepAliveStream(this.connection, this.sink, request.target, this.tally);
      this.streams.set(request, stream);
      this.renewing.add(stream);
    }
    return stream.reader(head.kind === 'request' ? TO_SERVER : TO_CLIENT);
  }

  /** Each of its messages was told when it came. */
  private toldBefore(request: Http1Head | undefined, direction: Direction): boolean {
    const stream = request === undefined ? undefined : this.streams.get(request);
    return stream !== undefined && stream.told[direction] > 0;
  }

  request(exchange: Http1Exchange<EtcdMessage>, message: Http1Message): void {
    const { head } = message;
    if (this.toldBefore(head, TO_SERVER)) {
      exchange.context = this.streams.get(head)?.oldest ?? null;
      return;
    }
    const op = httpOp(head.method, head.target);
    const request = new DecodedEtcdMessage(this.connection, TO_SERVER, 'request', op, 'http', message, {
      method: head.method,
      path: head.target,
      length: message.bodyLength,
      truncated: message.truncated,
      ...leaseFields(head, op, 'request', message),
    });
    exchange.context = request;
    this.sink.message(request);
  }

  responseHead(exchange: Http1Exchange<EtcdMessage> | null, head: Http1Head, place: Http1Place): boolean {
    if (exchange === null || head.status !== 200) return false;
    const { method, target } = exchange.request;
    if (!isEndlessResponse(method, target)) return false;
    this.endlessSeen = true;
    const request = exchange.context;
    this.sink.message(
      new DecodedEtcdMessage(this.connection, TO_CLIENT, 'response', httpOp(method, target), 'http', place, {
        path: target,
        status: head.status,
        request,
        latency: request === null ? null : Math.max(0, place.time - request.time),
      }),
    );
    return true;
  }

  response(exchange: Http1Exchange<EtcdMessage> | null, message: Http1Message): void {
    const { head } = message;
    const request = exchange?.context ?? null;
    const asked = exchange?.request;
    const stream = asked === undefined ? undefined : this.streams.get(asked);
    stream?.close();
    if (stream !== undefined) this.renewing.delete(stream);
    if (this.toldBefore(asked, TO_CLIENT)) return;
    const op = asked === undefined ? null : httpOp(asked.method, asked.target);
    const failed = head.status >= 400;
    this.sink.message(
      new DecodedEtcdMessage(this.connection, TO_CLIENT, 'response', op, 'http', message, {
        ...(asked === undefined ? {} : { path: asked.target }),
        status: head.status,
        error: failed ? errorText(message.body) : null,
        length: message.bodyLength,
        request,
        latency: request === null ? null : Math.max(0, message.time - request.time),
        truncated: message.truncated,
        ...(asked === undefined || failed ? {} : leaseFields(asked, op!, 'response', message)),
      }),
    );
  }

  /** A raft stream that was open before the capture began shows nothing but its chunks. */
  headlessChunks(direction: Direction, frame: number, time: number, position: number): void {
    if (this.endlessSeen) return;
    this.endlessSeen = true;
    const place = { firstFrame: frame, firstTime: time, frame, time, streamEnd: position };
    this.sink.message(
      new DecodedEtcdMessage(this.connection, direction, 'message', 'GET /raft/stream', 'http', place, {
        guessed: true,
      }),
    );
  }

  skipped(direction: Direction, bytes: number, frame: number, time: number): void {
    this.sink.gap({ connection: this.connection, direction, frame, time, bytes, reason: 'skipped' });
  }
}

function isProtobuf(head: Http1Head): boolean {
  return head.fields.get('content-type') === 'application/protobuf';
}

function isLeasePath(request: Http1Head): boolean {
  return request.method === 'POST' && (request.target === '/leases' || request.target === '/leases/internal');
}

function isGateway(request: Http1Head): boolean {
  return request.method === 'POST' && gatewayOp(pathOf(request.target)) !== null;
}

function leaseFields(
  request: Http1Head,
  op: string,
  kind: 'request' | 'response',
  message: Http1Message,
): { fields?: EtcdFields } {
  const cut = message.truncated && message.body.length === 0;
  if (isGateway(request) && !cut) return { fields: readGatewayBody(op, kind, message.body) };
  if (!isLeasePath(request) || cut) return {};
  return { fields: readRecord(op, kind, request.target === '/leases/internal', message.body) };
}

/** First line of an error's text. */
function errorText(body: Buffer): string | null {
  const text = body.toString('utf8').split('\n', 1)[0]!.trim();
  return text === '' ? null : text;
}
