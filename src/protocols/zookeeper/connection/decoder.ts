import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../../network/connection.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import { HeldChunks } from '../../heldChunks.js';
import { foreignName, strangerName } from '../../foreign.js';
import { missingBytes, type ConnectionDecoder, type MessageSink } from '../../protocol.js';
import { END_OF_RECORD } from '../format/cursor.js';
import type { MessageView, SharedState } from '../decodedMessage.js';
import { fourLetterWord } from './fourLetterWords.js';
import { CONNECT_LENGTHS, isConnectRequest, isConnectResponse } from './handshake.js';
import { FramedStream, type FrameHandler } from './framing.js';
import type { ZooKeeperRequest } from '../message.js';
import { isOpcode, NOTIFICATION_XID, OpCode, opName, PING_XID } from '../format/opcodes.js';
import type { Plausibility } from '../format/evidence.js';
import { keepsBody, type RequestBody } from '../format/records.js';
import { OutstandingRequests } from './requests.js';
import { MAX_LENGTH, requestEvidence, responseEvidence, responseFits } from './resync.js';
import { zxidNumber } from '../format/stat.js';

/** So many of a stranger's first bytes are told. */
const FIRST_BYTES = 8;

/** What the whole connection turned out to be. */
type Mode = 'undecided' | 'framed' | 'word' | 'foreign';

/** Decodes both directions of one client connection into messages, and pairs responses with requests. */
export class ZooKeeperDecoder implements ConnectionDecoder, FrameHandler {
  /** In front of the message that they precede, which may be complete later. */
  readonly tellsMissing = true;
  held = 0;
  private mode: Mode;
  private readonly outstanding: OutstandingRequests;
  private readonly requests: FramedStream;
  private readonly responses: FramedStream;
  private session: string | null = null;
  /** zxid of the latest response, -1 before the first. */
  private lastZxid = -1;
  private connectRequest: ZooKeeperRequest | null = null;
  private awaitsConnectResponse: boolean;
  /** Sent before this position, a request may have been answered in bytes that were lost. */
  private responsesLostAt = -1;
  /** Sent before this position, a request may be followed by lost ones. */
  private requestsLostAt = -1;
  /** Frame of a ping's answer that came before the ping itself, -1 otherwise. */
  private earlyPingAnswer = -1;
  /** The latest response may answer one of several requests. */
  private ambiguous = false;
  /** First bytes of the client, while there are fewer than four. */
  private readonly head = new HeldChunks();
  /** Of a stranger: its first bytes, and where they stood. */
  private firstBytes: { readonly frame: number; readonly time: number; readonly firstBytes: string } | null = null;
  private wordRequest: ZooKeeperRequest | null = null;
  private answerLength = 0;
  private answerFrame = 0;
  private answerTime = 0;
  private answerFirstFrame = 0;
  private answerFirstTime = 0;
  private readonly message: MessageView;

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    private readonly shared: SharedState,
  ) {
    this.message = shared.message;
    this.outstanding = new OutstandingRequests(undefined, shared.requests);
    const atStart = !connection.midStream;
    this.mode = 'undecided';
    this.awaitsConnectResponse = atStart;
    this.requests = new FramedStream(this, TO_SERVER, atStart);
    this.responses = new FramedStream(this, TO_CLIENT, atStart);
  }

  frame(
    stream: FramedStream,
    bytes: Buffer,
    start: number,
    end: number,
    length: number,
    position: number,
    truncated: boolean,
  ): void {
    if (stream.lost > 0) this.reportGap(stream);
    if (stream.direction === TO_SERVER) this.request(bytes, start, end, length, position, truncated);
    else this.response(bytes, start, end, length, position, truncated);
  }

  evidence(stream: FramedStream, bytes: Buffer, at: number, end: number): Plausibility {
    return stream.direction === TO_SERVER
      ? requestEvidence(bytes, at, end)
      : responseEvidence(bytes, at, end, this.outstanding, this.lastZxid);
  }

  skipped(stream: FramedStream, length: number): void {
    const { direction, frame, time } = stream;
    this.reportGap(stream);
    if (direction === TO_CLIENT) this.outstanding.doubt();
    this.sink.gap({ connection: this.connection, direction, frame, time, bytes: length, reason: 'skipped' });
  }

  private stream(direction: Direction): FramedStream {
    return direction === TO_SERVER ? this.requests : this.responses;
  }

  giveUp(): void {
    this.requests.giveUp();
    this.responses.giveUp();
  }

  data(chunk: StreamChunk): void {
    if (this.mode === 'undecided' && chunk.direction === TO_SERVER) this.first(chunk);
    else this.pass(chunk);
  }

  /** The first bytes of the client, four of which are needed to say what it speaks. */
  private first(chunk: StreamChunk): void {
    const { head } = this;
    const { frame, time } = chunk;
    const joined = head.joined(chunk);
    if (joined.length < 4) {
      head.hold(chunk);
      return;
    }
    const end = chunk.position + chunk.length;
    this.decide(joined, end - joined.length, head.first()?.frame ?? frame, frame, time);
    head.release((held) => {
      this.pass(held);
    });
    this.pass(chunk);
  }

  private pass(chunk: StreamChunk): void {
    const { direction } = chunk;
    const stream = this.stream(direction);
    if (this.mode === 'framed' || (this.mode === 'undecided' && direction === TO_CLIENT)) {
      stream.data(chunk);
      return;
    }
    const { length, frame, time } = chunk;
    if (this.mode === 'word' && direction === TO_CLIENT) {
      if (this.answerLength === 0) {
        this.answerFirstFrame = frame;
        this.answerFirstTime = time;
      }
      this.answerLength += length;
      this.answerFrame = frame;
      this.answerTime = time;
      stream.messageBytes += length;
    } else {
      stream.skippedBytes += length;
      stream.frame = frame;
      stream.time = time;
    }
  }

  /** What the first bytes of the client say: a four-letter word, something else, or ZooKeeper's framing. */
  private decide(bytes: Buffer, position: number, firstFrame: number, frame: number, time: number): void {
    this.mode = 'framed';
    const word = fourLetterWord(bytes, 0, bytes.length);
    if (word !== null) {
      this.mode = 'word';
      this.requests.messageBytes += 4;
      this.requests.skippedBytes -= 4;
      this.emitWord(word, position + 4, firstFrame, frame, time);
      return;
    }
    const foreign = foreignName(bytes, 0, bytes.length) ?? (this.connection.midStream ? null : unknownStart(bytes));
    if (foreign === null) return;
    this.becomeForeign(foreign, bytes, firstFrame, this.head.first()?.time ?? time);
  }

  /** What the client speaks is not ZooKeeper's: nothing more is looked at. */
  private becomeForeign(name: string, bytes: Buffer, frame: number, time: number): void {
    this.mode = 'foreign';
    this.connection.foreign = name;
    this.firstBytes = { frame, time, firstBytes: bytes.toString('hex', 0, FIRST_BYTES) };
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number, exact = true): void {
    if (direction === TO_SERVER) this.giveUpDeciding();
    const stream = this.stream(direction);
    if (!exact || this.mode !== 'framed' || !stream.lacks(length)) {
      if (direction === TO_CLIENT) this.responsesLostAt = this.connection.toServer.delivered;
      else this.requestsLostAt = position + length;
    }
    if (stream.lost === 0) {
      stream.lostFrame = frame;
      stream.lostTime = time;
    }
    stream.lost += length;
    if (this.mode === 'framed' || this.mode === 'undecided') stream.gap(length, exact);
  }

  fin(direction: Direction): void {
    // An answer goes on after the client's FIN (nc sends it with the word): only the server says that it is whole.
    if (this.mode === 'word' && direction === TO_CLIENT) this.finishWord();
  }

  /** Too few bytes came to say what the client speaks: taken for ZooKeeper's. */
  private giveUpDeciding(): void {
    if (this.mode !== 'undecided') return;
    this.mode = 'framed';
    this.head.release((chunk) => {
      this.pass(chunk);
    });
  }

  end(): void {
    const early = this.head.first();
    if (this.mode === 'undecided' && early !== undefined && !this.connection.midStream && this.requests.lost === 0) {
      const bytes = this.head.all(TO_SERVER);
      this.becomeForeign(strangerName(bytes), bytes, early.frame, early.time);
      this.requests.skippedBytes += bytes.length;
    }
    this.giveUpDeciding();
    if (this.mode === 'word') this.finishWord();
    if (this.mode === 'framed' || this.mode === 'undecided') {
      this.requests.end();
      this.responses.end();
    }
    this.reportGap(this.requests);
    this.reportGap(this.responses);
    if (this.mode === 'foreign') this.reportForeign();
    this.outstanding.end();
  }

  private reportForeign(): void {
    for (const direction of [TO_SERVER, TO_CLIENT] as const) {
      const { skippedBytes: bytes, frame, time } = this.stream(direction);
      if (bytes === 0) continue;
      if (direction === TO_CLIENT) this.outstanding.doubt();
      const first = direction === TO_SERVER ? this.firstBytes : null;
      this.sink.gap({ connection: this.connection, direction, frame, time, bytes, reason: 'foreign', ...first });
    }
  }

  private reportGap(stream: FramedStream): void {
    const { direction, lost, lostFrame, lostTime } = stream;
    if (lost === 0) return;
    stream.lost = 0;
    if (direction === TO_CLIENT) this.outstanding.doubt();
    this.sink.gap(missingBytes(this.connection, direction, lost, lostFrame, lostTime));
  }

  // Requests

  private begin(direction: Direction, length: number, streamEnd: number, truncated: boolean): MessageView {
    const message = this.message;
    const stream = this.stream(direction);
    message.clear();
    message.connection = this.connection;
    message.waiting = this.outstanding;
    message.direction = direction;
    message.session = this.session;
    message.frame = stream.frame;
    message.time = stream.time;
    message.firstFrame = stream.firstFrame;
    if (stream.firstFrame !== stream.frame) message.begun = stream.firstTime;
    message.length = length;
    message.streamEnd = streamEnd;
    message.truncated = truncated;
    return message;
  }

  private request(
    bytes: Buffer,
    start: number,
    end: number,
    length: number,
    streamEnd: number,
    truncated: boolean,
  ): void {
    const first = !this.connection.midStream && this.requests.atFirst;
    if (first && this.isStranger(bytes, start, end, length, truncated)) return;
    if (end - start < 8) return;
    const message = this.begin(TO_SERVER, length, streamEnd, truncated);
    message.kind = 'request';
    message.bytes = bytes;
    if (first && (truncated || isConnectRequest(bytes, start, end))) {
      this.handshakeRequest(message, start, end);
      return;
    }
    const xid = bytes.readInt32BE(start);
    const opcode = bytes.readInt32BE(start + 4);
    message.xid = xid;
    message.opcode = opcode;
    message.op = opName(opcode);
    message.bodyStart = start + 8;
    message.bodyEnd = end;
    message.readArguments(opcode);
    const request: ZooKeeperRequest = {
      opcode,
      op: message.op,
      xid,
      path: message.ownPath,
      watch: message.watch,
      flags: message.flags,
      truncated,
      length,
      frame: message.frame,
      time: message.time,
      streamEnd,
      body: keepsBody(opcode) ? message.requestBody() : null,
    };
    message.request = request;
    // A ping whose answer was there before it waits for none: the next answer belongs to the next ping.
    if (opcode === OpCode.ping && message.frame < this.earlyPingAnswer) this.earlyPingAnswer = -1;
    else this.outstanding.add(request);
    this.sink.message(message);
  }

  /** The first message has a plausible length and is neither a connect request nor any other request of ZooKeeper. */
  private isStranger(bytes: Buffer, start: number, end: number, length: number, truncated: boolean): boolean {
    if (truncated) {
      if (length >= CONNECT_LENGTHS.leastRequest && length <= CONNECT_LENGTHS.mostRequest) return false;
    } else if (isConnectRequest(bytes, start, end)) return false;
    if (end - start >= 8 && isOpcode(bytes.readInt32BE(start + 4))) return false;
    const head = Buffer.alloc(Math.min(end - start, FIRST_BYTES - 4) + 4);
    head.writeInt32BE(length);
    bytes.copy(head, 4, start, end);
    this.becomeForeign(strangerName(head), head, this.requests.firstFrame, this.requests.time);
    this.requests.messageBytes -= end - start + 4;
    this.requests.skippedBytes += end - start + 4;
    return true;
  }

  private handshakeRequest(message: MessageView, start: number, end: number): void {
    message.handshake = true;
    message.opcode = OpCode.connect;
    message.op = 'connect';
    message.xid = 0;
    message.bodyStart = start;
    message.bodyEnd = end;
    const body = message.requestBody()!;
    if (body.sessionId !== undefined && body.sessionId !== '0x0') {
      message.session = body.sessionId;
      this.session = body.sessionId;
    }
    const { length, frame, time, streamEnd } = message;
    this.connectRequest = {
      opcode: OpCode.connect,
      op: 'connect',
      xid: 0,
      path: null,
      watch: false,
      flags: 0,
      truncated: message.truncated,
      length,
      frame,
      time,
      streamEnd,
      body,
    };
    message.request = this.outstanding.connecting = this.connectRequest;
    this.sink.message(message);
  }

  // Responses

  private response(
    bytes: Buffer,
    start: number,
    end: number,
    length: number,
    streamEnd: number,
    truncated: boolean,
  ): void {
    if (end - start < 16) return;
    const message = this.begin(TO_CLIENT, length, streamEnd, truncated);
    message.kind = 'response';
    message.bytes = bytes;
    const first = this.awaitsConnectResponse && this.responses.atFirst;
    this.awaitsConnectResponse = false;
    if (first && (truncated ? bytes.readInt32BE(start) === 0 : isConnectResponse(bytes, start, end))) {
      this.handshakeResponse(message, start, end, this.connectRequest);
      this.connectRequest = null;
      return;
    }
    const connectLike = truncated ? length <= CONNECT_LENGTHS.mostResponse : isConnectResponse(bytes, start, end);
    if (connectLike && !this.outstanding.has(0) && bytes.readInt32BE(start) === 0) {
      const request = this.createSessionRequest();
      if (request !== null) {
        this.handshakeResponse(message, start, end, request);
        return;
      }
    }
    message.xid = bytes.readInt32BE(start);
    message.zxidHi = bytes.readUInt32BE(start + 4);
    message.zxidLo = bytes.readUInt32BE(start + 8);
    message.zxid = zxidNumber(message.zxidHi, message.zxidLo);
    message.err = bytes.readInt32BE(start + 12);
    message.bodyStart = start + 16;
    message.bodyEnd = end;
    if (message.zxid > 0) this.lastZxid = message.zxid;
    if (message.xid === NOTIFICATION_XID) this.notification(message);
    else this.reply(message);
    this.sink.message(message);
  }

  private createSessionRequest(): ZooKeeperRequest | null {
    // Answers come in order: only the oldest can be meant.
    const oldest = this.outstanding.first();
    return oldest?.opcode === OpCode.createSession ? this.outstanding.take(oldest.xid) : null;
  }

  private notification(message: MessageView): void {
    message.kind = 'notification';
    message.opcode = 0;
    message.op = 'notification';
    const cursor = this.shared.cursor.reset(message.bytes, message.bodyStart, message.bodyEnd);
    message.eventType = 0;
    message.state = 0;
    try {
      // WatcherEvent: int type, int state, ustring path
      message.eventType = cursor.int();
      message.state = cursor.int();
      message.ownPath = cursor.string();
    } catch (error) {
      if (error !== END_OF_RECORD) throw error;
    }
  }

  private reply(message: MessageView): void {
    const request = this.match(message);
    if (request === null && message.xid === PING_XID) this.earlyPingAnswer = message.frame;
    message.request = request;
    message.opcode = request?.opcode ?? (message.xid === PING_XID ? OpCode.ping : null);
    message.op = message.opcode === null ? null : opName(message.opcode);
    if (request !== null && !this.ambiguous) message.latency = Math.max(0, message.time - request.time);
  }

  /**
   * The request that a response answers: the oldest with its xid. Where bytes were lost, what was sent before may have
   * been answered in them, and an xid may have been used again in a request that was lost: then nothing is guessed.
   */
  private match(message: MessageView): ZooKeeperRequest | null {
    const { xid } = message;
    this.ambiguous = false;
    if (this.responsesLostAt < 0 && this.requestsLostAt < 0) return this.outstanding.take(xid);
    let request: ZooKeeperRequest | null;
    if (this.responsesLostAt >= 0 && this.outstanding.several(xid)) {
      this.ambiguous = true;
      request = this.outstanding.takeAll(xid);
    } else request = this.outstanding.take(xid);
    if (request === null) return null;
    if (request.streamEnd <= this.responsesLostAt && request.streamEnd <= this.requestsLostAt) return null;
    if (
      message.err === 0 &&
      !message.truncated &&
      !responseFits(request.opcode, message.bytes, message.bodyStart, message.bodyEnd)
    )
      return null;
    return request;
  }

  private handshakeResponse(message: MessageView, start: number, end: number, request: ZooKeeperRequest | null): void {
    message.handshake = true;
    message.opcode = request?.opcode ?? OpCode.connect;
    message.op = message.opcode === OpCode.connect ? 'connect' : opName(message.opcode);
    message.xid = 0;
    message.bodyStart = start;
    message.bodyEnd = end;
    message.request = request;
    if (request === this.outstanding.connecting) this.outstanding.connecting = null;
    message.latency = request === null ? null : Math.max(0, message.time - request.time);
    const sessionId = message.responseBody()?.sessionId;
    if (sessionId !== undefined && sessionId !== '0x0') {
      this.session = sessionId;
      message.session = sessionId;
    }
    this.sink.message(message);
  }

  // Four-letter words

  private emitWord(word: string, streamEnd: number, firstFrame: number, frame: number, time: number): void {
    this.requests.frame = frame;
    this.requests.time = time;
    this.requests.firstFrame = firstFrame;
    this.requests.firstTime = this.head.first()?.time ?? time;
    const message = this.begin(TO_SERVER, -1, streamEnd, false);
    message.kind = 'request';
    message.opcode = null;
    message.op = 'fourLetterWord';
    message.word = word;
    const body: RequestBody = { word };
    this.wordRequest = {
      opcode: 0,
      op: 'fourLetterWord',
      xid: 0,
      path: null,
      watch: false,
      flags: 0,
      truncated: false,
      length: -1,
      frame,
      time,
      streamEnd,
      body,
    };
    message.request = this.wordRequest;
    this.answerFrame = frame;
    this.answerTime = time;
    this.sink.message(message);
  }

  private finishWord(): void {
    if (this.wordRequest === null) return;
    const request = this.wordRequest;
    this.wordRequest = null;
    if (this.answerLength === 0) return;
    this.responses.frame = this.answerFrame;
    this.responses.time = this.answerTime;
    this.responses.firstFrame = this.answerFirstFrame;
    this.responses.firstTime = this.answerFirstTime;
    const message = this.begin(TO_CLIENT, -1, this.connection.toClient.delivered, false);
    message.kind = 'response';
    message.opcode = null;
    message.op = 'fourLetterWord';
    message.word = request.body?.word ?? '';
    message.answerLength = this.answerLength;
    message.request = request;
    message.latency = Math.max(0, message.time - request.time);
    this.sink.message(message);
  }
}

/** A length that no server would take says that the first bytes of a connection are not ZooKeeper's. */
function unknownStart(bytes: Buffer): string | null {
  const length = bytes.readInt32BE(0);
  return length < 8 || length > MAX_LENGTH ? strangerName(bytes) : null;
}
