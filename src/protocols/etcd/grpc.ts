import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import { numberKey } from '../../network/seed.js';
import type { StreamChunk } from '../../network/streamChunk.js';
import type { GrpcDeframer, GrpcMessage } from '../transport/grpc/deframer.js';
import { Http2Connection, type Http2Handler } from '../transport/http2/connection.js';
import type { FramePlace } from '../transport/http2/frameReader.js';
import { http2ErrorName } from '../transport/http2/frames.js';
import type { HeaderBlock, HeaderField } from '../transport/http2/hpack.js';
import type { ConnectionDecoder, MessageSink } from '../protocol.js';
import { newCall, takeRequest, type Call } from './grpcCall.js';
import { gatewayOp } from './gateway.js';
import { GatewayCall } from './gatewayCall.js';
import { DecodedEtcdMessage, type MessagePlace } from './message.js';
import { answersInTurn, grpcOp, hasStreamingResponse, isEtcdPath, pathOf } from './operations.js';
import { looksLikeKeepAliveRequest, looksLikeKeepAliveResponse, readRecord } from './records.js';

/**
 * Streams that are kept; beyond it the oldest are forgotten. etcd's server allows far fewer at a time by default.
 * @bound streams
 */
const MAX_STREAMS = 4096;
/**
 * Requests of one stream without an answer; beyond it the oldest is given up.
 * @bound calls
 */
const MAX_OUTSTANDING = 1024;
const MAX_ERROR = 256;
/** Characters of a path that are kept: etcd's own have some fifty. */
const MAX_PATH = 1024;
/** Bytes that a call takes beside what it collects, and a request that waits for its answer. */
const CALL_COST = 1500;
const REQUEST_COST = 1500;

/** gRPC over cleartext HTTP/2, as etcd's clients speak it. */
export class EtcdGrpcDecoder implements ConnectionDecoder, Http2Handler {
  private readonly http: Http2Connection;
  /** By `numberKey` of the stream's number. */
  private readonly calls = new Map<number, Call>();

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    private readonly aligned: boolean,
  ) {
    this.http = new Http2Connection(this, aligned);
  }

  get held(): number {
    return this.http.held;
  }

  giveUp(): void {
    this.http.giveUp();
    // Which request the next response of a call answers is no longer known, and what unary calls were answered.
    for (const call of [...this.calls.values()]) this.forget(call);
  }

  data(chunk: StreamChunk): void {
    this.http.data(chunk);
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number): void {
    this.http.gap(direction, length, position, frame, time);
  }

  fin(): void {
    // Streams end by frames, not by FIN.
  }

  end(): void {
    this.http.end();
    this.calls.clear();
  }

  headers(direction: Direction, id: number, block: HeaderBlock | null, endStream: boolean, place: FramePlace): void {
    const call = this.call(id);
    const fields = block?.fields ?? [];
    if (direction === TO_SERVER) {
      if (!call.asked) {
        const path = field(fields, ':path');
        if (path !== null) {
          call.path = path.length > MAX_PATH ? Buffer.from(path.slice(0, MAX_PATH)).toString() : path;
          this.http.tally.bytes += call.path.length;
          call.op = grpcOp(path);
          const ofGateway = gatewayOp(pathOf(path));
          if (ofGateway !== null)
            call.gateway = new GatewayCall(this.connection, this.sink, ofGateway, path, this.http.tally);
          if (isEtcdPath(path)) this.connection.protocol ??= 'etcd';
        }
        call.asked = true;
      }
      if (endStream) call.gateway?.end(direction, place);
      return;
    }
    const status = field(fields, ':status');
    if (!call.answered && status !== null) call.status = Number(status);
    if (call.gateway !== null) call.gateway.status = call.status;
    call.answered = true;
    if (endStream) this.finish(call, fields, block?.complete ?? false, place);
  }

  dataStart(direction: Direction, id: number, length: number): void {
    if (this.calls.get(numberKey(id))?.gateway == null) this.deframer(direction, id).startFrame(length);
  }

  dataBytes(direction: Direction, id: number, bytes: Buffer, start: number, end: number, place: FramePlace): void {
    const gateway = this.calls.get(numberKey(id))?.gateway;
    if (gateway != null) gateway.data(direction, bytes, start, end, place);
    else this.deframer(direction, id).data(bytes, start, end, place);
  }

  dataGap(direction: Direction, id: number, length: number, place: FramePlace): void {
    const gateway = this.calls.get(numberKey(id))?.gateway;
    if (gateway != null) gateway.gap(direction, length);
    else this.deframer(direction, id).gap(length, place);
  }

  dataEnd(direction: Direction, id: number, endStream: boolean, place: FramePlace): void {
    if (endStream && direction === TO_SERVER) this.calls.get(numberKey(id))?.gateway?.end(direction, place);
    if (endStream && direction === TO_CLIENT) this.finish(this.call(id), [], false, place);
  }

  reset(direction: Direction, id: number, errorCode: number, place: FramePlace): void {
    const call = this.calls.get(numberKey(id));
    if (call?.held != null) this.respond(call, call.held, null, null);
    if (call !== undefined) this.forget(call);
    this.sink.message(
      new DecodedEtcdMessage(
        this.connection,
        direction,
        'message',
        call?.op ?? null,
        'grpc',
        { ...place },
        {
          path: call?.path ?? null,
          http2Error: http2ErrorName(errorCode),
        },
      ),
    );
  }

  goaway(direction: Direction, _lastStream: number, errorCode: number, debug: string, place: FramePlace): void {
    this.sink.message(
      new DecodedEtcdMessage(
        this.connection,
        direction,
        'message',
        'GOAWAY',
        'grpc',
        { ...place },
        {
          http2Error: http2ErrorName(errorCode),
          error: debug === '' ? null : debug,
        },
      ),
    );
  }

  lost(direction: Direction): void {
    for (const call of this.calls.values()) {
      (direction === TO_SERVER ? call.requests : call.responses).lose();
      // Which request the next response answers is no longer known.
      call.outstanding.length = 0;
      this.count(call);
    }
  }

  skipped(direction: Direction, bytes: number, frame: number, time: number): void {
    this.sink.gap({ connection: this.connection, direction, frame, time, bytes, reason: 'skipped' });
  }

  private call(id: number): Call {
    const known = this.calls.get(numberKey(id));
    if (known !== undefined) return known;
    if (this.calls.size >= MAX_STREAMS) this.forgetOldest();
    const call = newCall(
      id,
      this.aligned,
      {
        request: (message) => {
          this.request(call, message);
        },
        response: (message) => {
          this.responseMessage(call, message);
        },
      },
      this.http.tally,
    );
    this.calls.set(numberKey(id), call);
    this.http.tally.bytes += CALL_COST;
    return call;
  }

  /** Half of them at once: a Map from which the first is deleted again and again is slow. */
  private forgetOldest(): void {
    let count = MAX_STREAMS / 2;
    for (const oldest of [...this.calls.values()]) {
      if (count-- === 0) return;
      this.forget(oldest);
    }
  }

  /** Gives back all that a call holds. */
  private forget(call: Call): void {
    if (!this.calls.delete(numberKey(call.id))) return;
    call.requests.lose();
    call.responses.lose();
    call.gateway?.giveUp();
    this.hold(call, null);
    call.outstanding.length = 0;
    this.count(call);
    this.http.tally.bytes -= CALL_COST + (call.path?.length ?? 0);
  }

  /** Requests of a call wait for their answers, or no longer do. */
  private count(call: Call): void {
    const { length } = call.outstanding;
    this.http.tally.bytes += (length - call.counted) * REQUEST_COST;
    call.counted = length;
  }

  /** A response waits for the status of its call. */
  private hold(call: Call, message: GrpcMessage | null): void {
    this.http.tally.bytes += (message?.body.length ?? 0) - (call.held?.body.length ?? 0);
    call.held = message;
  }

  private deframer(direction: Direction, id: number): GrpcDeframer {
    const call = this.call(id);
    return direction === TO_SERVER ? call.requests : call.responses;
  }

  private request(call: Call, message: GrpcMessage): void {
    let op = call.op;
    let guessed = false;
    if (op === null && !message.truncated && looksLikeKeepAliveRequest(message.body)) {
      op = 'LeaseKeepAlive';
      guessed = true;
    }
    const request = new DecodedEtcdMessage(this.connection, TO_SERVER, 'request', op, 'grpc', message, {
      path: call.path,
      length: message.length,
      truncated: message.truncated,
      guessed,
      compressed: message.compressed,
      ...(op === null || message.compressed ? {} : { fields: readRecord(op, 'request', false, message.body) }),
    });
    if (call.outstanding.length >= MAX_OUTSTANDING) call.outstanding.shift();
    if (op === null || answersInTurn(op)) call.outstanding.push(request);
    this.count(call);
    this.sink.message(request);
  }

  private responseMessage(call: Call, message: GrpcMessage): void {
    if (call.held !== null) {
      call.streaming = true;
      const held = call.held;
      this.hold(call, null);
      this.respond(call, held, null, null);
    }
    // Without a name a call may be of either kind: what goes on after its first response is a stream.
    const streaming = call.streaming || call.op === null || hasStreamingResponse(call.op);
    if (streaming) this.respond(call, message, null, null);
    else this.hold(call, message);
  }

  private respond(call: Call, message: GrpcMessage, grpcStatus: number | null, end: MessagePlace | null): void {
    call.responsesSeen++;
    let op = call.op;
    let guessed = false;
    const waiting = call.outstanding[0];
    if (op === null && !message.truncated && looksLikeKeepAliveResponse(message.body) && waiting?.op !== null) {
      op = 'LeaseKeepAlive';
      guessed = true;
    }
    const fields = op === null || message.compressed ? undefined : readRecord(op, 'response', false, message.body);
    const request = takeRequest(call, op, fields?.leaseId?.decimal ?? null);
    this.count(call);
    const place: MessagePlace =
      end === null ? message : { firstFrame: message.firstFrame, firstTime: message.firstTime, ...pick(end) };
    this.sink.message(
      new DecodedEtcdMessage(this.connection, TO_CLIENT, 'response', op, 'grpc', place, {
        path: call.path,
        status: call.status,
        grpcStatus,
        length: message.length,
        request,
        latency: request === null ? null : Math.max(0, place.time - request.time),
        truncated: message.truncated,
        guessed,
        compressed: message.compressed,
        ...(fields === undefined ? {} : { fields }),
      }),
    );
  }

  /** The server ended the stream: with its trailers where all went as it should. */
  private finish(call: Call, fields: readonly HeaderField[], complete: boolean, place: FramePlace): void {
    const text = field(fields, 'grpc-status');
    // A status that is not there because the block was not known whole is unknown.
    const grpcStatus = text !== null && /^[0-9]{1,9}$/.test(text) ? Number(text) : null;
    const error = field(fields, 'grpc-message');
    const { held } = call;
    this.hold(call, null);
    if (call.gateway !== null) call.gateway.end(TO_CLIENT, place);
    else if (held !== null) this.respond(call, held, grpcStatus, place);
    else if (call.responsesSeen === 0 || (grpcStatus ?? 0) !== 0) this.fail(call, grpcStatus, error, complete, place);
    this.forget(call);
  }

  /** A response without a message: the status is all there is. */
  private fail(
    call: Call,
    grpcStatus: number | null,
    error: string | null,
    complete: boolean,
    place: FramePlace,
  ): void {
    const request = call.outstanding.shift() ?? null;
    this.count(call);
    if (grpcStatus === null && request === null && !complete) return;
    this.sink.message(
      new DecodedEtcdMessage(
        this.connection,
        TO_CLIENT,
        'response',
        call.op,
        'grpc',
        { ...place },
        {
          path: call.path,
          status: call.status,
          grpcStatus,
          error: error === null ? null : percentDecoded(error).slice(0, MAX_ERROR),
          request,
          latency: request === null ? null : Math.max(0, place.time - request.time),
        },
      ),
    );
  }
}

function pick(place: MessagePlace): { frame: number; time: number; streamEnd: number } {
  return { frame: place.frame, time: place.time, streamEnd: place.streamEnd };
}

function field(fields: readonly HeaderField[], name: string): string | null {
  return fields.find((candidate) => candidate.name === name)?.value ?? null;
}

/** grpc-message is percent-encoded UTF-8; broken encodings are left as they are. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
