import type { Direction } from '../../../network/connection.js';
import { TO_CLIENT, TO_SERVER } from '../../../network/connection.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import { HeldTally } from '../../byteCollector.js';
import type { Http1Head } from './head.js';
import type { BodyPlan, BodyReader, Http1Events, Http1Message, Http1Place } from './message.js';
import { Http1Parser } from './parser.js';

/** A request that waits for its response. `context` is what the protocol above keeps of it. */
export interface Http1Exchange<Context> {
  readonly request: Http1Head;
  readonly place: Http1Place;
  context: Context | null;
}

/** What the protocol above HTTP wants to know. A response's exchange is null where its request was not captured. */
export interface Http1Handler<Context> {
  /** How many bytes of this message's body to keep. */
  keepBody(head: Http1Head, exchange: Http1Exchange<Context> | null): number;
  /** Who takes this message's body as it comes; null for nobody. */
  bodyReader(head: Http1Head, exchange: Http1Exchange<Context> | null): BodyReader | null;
  request(exchange: Http1Exchange<Context>, message: Http1Message): void;
  /**
   * The head of a response is complete. True: it has been dealt with and `response` need not be called (its body may
   * never end).
   */
  responseHead(exchange: Http1Exchange<Context> | null, head: Http1Head, place: Http1Place): boolean;
  response(exchange: Http1Exchange<Context> | null, message: Http1Message): void;
  headlessChunks(direction: Direction, frame: number, time: number, position: number): void;
  skipped(direction: Direction, bytes: number, frame: number, time: number): void;
}

/**
 * More requests than this without a response: the oldest are given up.
 * @bound requests
 */
const MAX_OUTSTANDING = 1024;

/** Bytes beside the text of the head. */
const EXCHANGE_COST = 1000;

/**
 * Both directions of an HTTP/1 connection: responses are given to requests in order. After a gap in the responses only
 * the latest request can be the one that is answered, unless the client pipelines: then nobody knows.
 */
export class Http1Connection<Context> implements Http1Events {
  private readonly tally = new HeldTally();
  private readonly requests: Http1Parser;
  private readonly responses: Http1Parser;
  private readonly outstanding: Http1Exchange<Context>[] = [];
  /** Exchange of the request and of the response that are under way; `reported`: the response was dealt with early. */
  private requestUnderWay: Http1Exchange<Context> | null = null;
  private responseUnderWay: Http1Exchange<Context> | null = null;
  private reported = false;
  private pipelined = false;
  private responsesLost = false;

  /** `aligned` is false where the start of the connection was not captured. */
  constructor(
    private readonly handler: Http1Handler<Context>,
    aligned: boolean,
  ) {
    this.requests = new Http1Parser(TO_SERVER, this, aligned, this.tally);
    this.responses = new Http1Parser(TO_CLIENT, this, aligned, this.tally);
  }

  /** Bytes of memory that it keeps of messages under way, and of requests that wait for their responses. */
  get held(): number {
    return this.tally.bytes;
  }

  /** Keeps no more than the place in the stream: which request the next response answers is then not known. */
  giveUp(): void {
    while (this.outstanding.length > 0) this.shift();
    this.responsesLost = true;
    this.requests.giveUp();
    this.responses.giveUp();
  }

  data(chunk: StreamChunk): void {
    this.parser(chunk.direction).data(chunk);
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number): void {
    const aligned = this.parser(direction).gap(length, position, frame, time);
    if (!aligned && direction === TO_CLIENT) this.responsesLost = true;
  }

  fin(direction: Direction): void {
    this.parser(direction).end(true);
  }

  end(): void {
    this.requests.end(false);
    this.responses.end(false);
  }

  head(direction: Direction, head: Http1Head, place: Http1Place): BodyPlan {
    if (direction === TO_SERVER) {
      const exchange: Http1Exchange<Context> = { request: head, place, context: null };
      if (this.outstanding.length > 0 && !this.responsesLost) this.pipelined = true;
      if (this.outstanding.length >= MAX_OUTSTANDING) this.shift();
      this.outstanding.push(exchange);
      this.tally.bytes += costOf(exchange);
      this.requestUnderWay = exchange;
      const reader = this.handler.bodyReader(head, exchange);
      return { keep: this.handler.keepBody(head, exchange), noBody: false, tunnel: false, reader };
    }
    // 100 Continue and its like come before the response; 101 is the response.
    const interim = head.status >= 100 && head.status < 200 && head.status !== 101;
    if (interim) {
      this.responseUnderWay = null;
      this.reported = true;
      return { keep: 0, noBody: true, tunnel: false, reader: null };
    }
    const exchange = this.takeRequest();
    const method = exchange?.request.method;
    const tunnel = head.status === 101 || (method === 'CONNECT' && head.status >= 200 && head.status < 300);
    if (tunnel) this.requests.tunnel();
    this.responseUnderWay = exchange;
    this.reported = this.handler.responseHead(exchange, head, place);
    const keep = this.reported ? 0 : this.handler.keepBody(head, exchange);
    const reader = this.reported ? null : this.handler.bodyReader(head, exchange);
    return { keep, noBody: method === 'HEAD', tunnel, reader };
  }

  complete(direction: Direction, message: Http1Message): void {
    if (direction === TO_SERVER) {
      const exchange = this.requestUnderWay;
      this.requestUnderWay = null;
      if (exchange !== null) this.handler.request(exchange, message);
      return;
    }
    if (!this.reported) this.handler.response(this.responseUnderWay, message);
    this.responseUnderWay = null;
    this.reported = false;
  }

  headlessChunks(direction: Direction, frame: number, time: number, position: number): void {
    this.handler.headlessChunks(direction, frame, time, position);
  }

  skipped(direction: Direction, bytes: number, frame: number, time: number): void {
    if (direction === TO_CLIENT) this.responsesLost = true;
    this.handler.skipped(direction, bytes, frame, time);
  }

  private takeRequest(): Http1Exchange<Context> | null {
    if (this.responsesLost) {
      const only = this.pipelined ? null : (this.outstanding.at(-1) ?? null);
      while (this.outstanding.length > 0) this.shift();
      this.responsesLost = false;
      return only;
    }
    return this.shift();
  }

  private shift(): Http1Exchange<Context> | null {
    const oldest = this.outstanding.shift() ?? null;
    if (oldest !== null) this.tally.bytes -= costOf(oldest);
    return oldest;
  }

  private parser(direction: Direction): Http1Parser {
    return direction === TO_SERVER ? this.requests : this.responses;
  }
}

/** What a request that waits takes: its head, of which the texts are parts, and the messages that are made of it. */
function costOf({ request }: Http1Exchange<unknown>): number {
  return EXCHANGE_COST + request.length;
}
