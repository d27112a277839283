import type { Connection, Direction, Endpoint } from '../network/connection.js';
import { TO_CLIENT, TO_SERVER } from '../network/connection.js';
import type { StreamChunk } from '../network/streamChunk.js';
import type { ConnectionListener, StreamHandler } from '../network/streamHandler.js';
import type { TcpEventKind } from '../network/tcpEvents.js';
import { HeldChunks } from './heldChunks.js';
import { missingBytes, type ConnectionDecoder, type MessageSink, type OpenInside, type Protocol } from './protocol.js';

/** Who is told of the connections that belong to a protocol, beside their messages. */
export interface ConnectionSink extends MessageSink {
  /** A connection is known to be of `connection.protocol`: at its first packet where the port tells, later otherwise. */
  connectionOpened(connection: Connection): void;
  /** It ended, or the capture did. Facts of the very end (last acknowledgements) may still be added. */
  connectionClosed(connection: Connection): void;
  /** TCP's own, of every connection, whatever it carries (see ConnectionListener). */
  tcpEvent?(kind: TcpEventKind, connection: Connection, direction: Direction, frame: number, time: number): void;
  /** Who set `watchFor` of a stream learns that it is reached (see ConnectionListener). */
  acknowledged?(connection: Connection, direction: Direction): void;
}

/** A server port that is given to a protocol, named as in `Protocol.name`, whatever its bytes say. */
export interface ServerPort {
  readonly port: number;
  readonly protocol: string;
}

export interface RouterOptions {
  readonly ports?: readonly ServerPort[];
}

/**
 * Servers that a handshake showed on a port of their own are remembered, up to this many.
 * @bound servers
 */
const MAX_LEARNED = 10_000;
/**
 * First bytes that are kept while the protocols cannot say yet whether they are theirs.
 * @bound bytes
 */
const MAX_UNDECIDED = 256;
/**
 * Segments that are kept meanwhile.
 * @bound segments
 */
const MAX_EARLY = 16;
/**
 * Segments of a connection from nowhere that are looked at before it is left alone.
 * @bound segments
 */
const MID_STREAM_LOOKS = 64;
/** So many of them together say what it is, if one alone does not. */
const AGREEING = 3;
/**
 * Bytes of them that are held, to be decoded when it is known.
 * @bound bytes
 */
const MAX_MID_STREAM = 16_384;

/** Gives each connection to the protocol that its port or its first bytes belong to. */
export class Router implements ConnectionListener {
  private readonly byPort = new Map<number, Protocol>();
  private readonly overruled = new Map<number, Protocol>();
  private readonly inOrder: readonly Protocol[];
  private readonly learned = new Map<string, Protocol>();
  /** What is expected inside of a carrier, by port, and where something else was found there. */
  private readonly insideByPort = new Map<number, Protocol>();
  private readonly learnedInside = new Map<string, Protocol>();

  constructor(
    readonly protocols: readonly Protocol[],
    private readonly sink: ConnectionSink,
    options: RouterOptions = {},
  ) {
    for (const protocol of protocols) {
      for (const port of protocol.ports) {
        this.byPort.set(port, protocol);
        if (protocol.carrier !== true) this.insideByPort.set(port, protocol);
      }
      for (const port of protocol.portsInside ?? []) this.insideByPort.set(port, protocol);
    }
    // Carriers first: what they carry must not be taken for it.
    this.inOrder = [...protocols].sort((a, b) => Number(b.carrier === true) - Number(a.carrier === true));
    for (const { port, protocol: name } of options.ports ?? []) {
      const protocol = protocols.find((candidate) => candidate.name === name);
      if (protocol !== undefined) this.overruled.set(port, protocol);
    }
  }

  /** Protocol that is expected behind a server's address. */
  private expected(server: Endpoint): Protocol | null {
    return this.overruled.get(server.port) ?? this.learned.get(server.text) ?? this.byPort.get(server.port) ?? null;
  }

  server(a: Endpoint, b: Endpoint): Endpoint | null {
    const ofA = this.expected(a);
    const ofB = this.expected(b);
    if (ofA !== null && ofB === null) return a;
    if (ofB !== null && ofA === null) return b;
    if (ofA === null || ofB === null) return null;
    if (this.overruled.has(a.port) !== this.overruled.has(b.port)) return this.overruled.has(a.port) ? a : b;
    return null;
  }

  opened(connection: Connection): StreamHandler {
    const protocol =
      this.expected(connection.server) ?? (connection.rolesKnown ? null : this.expected(connection.client));
    if (protocol !== null && connection.rolesKnown) this.tell(connection, protocol);
    if (protocol !== null && connection.midStream && connection.rolesKnown)
      return protocol.open(connection, this.sink, this.inside);
    return new Undecided(this, connection, protocol, this.sink, false);
  }

  /** Finds out who speaks inside of a carrier. */
  private readonly inside: OpenInside = (connection, sink) => {
    const { port, text } = connection.server;
    const expected = this.overruled.get(port) ?? this.learnedInside.get(text) ?? this.insideByPort.get(port) ?? null;
    return new Undecided(this, connection, expected, sink, true);
  };

  closed(connection: Connection): void {
    if (connection.protocol !== null) this.sink.connectionClosed(connection);
  }

  missing(connection: Connection, direction: Direction, length: number, frame: number, time: number): void {
    this.sink.gap(missingBytes(connection, direction, length, frame, time));
  }

  tcpEvent(kind: TcpEventKind, connection: Connection, direction: Direction, frame: number, time: number): void {
    this.sink.tcpEvent?.(kind, connection, direction, frame, time);
  }

  acknowledged(connection: Connection, direction: Direction): void {
    this.sink.acknowledged?.(connection, direction);
  }

  /** Protocol that takes these first bytes of a client; `more` while one may. */
  recognise(
    connection: Connection,
    expected: Protocol | null,
    bytes: Buffer,
    inside: boolean,
  ): Protocol | 'more' | null {
    const overruled = this.overruled.has(connection.server.port);
    let more = false;
    for (const protocol of this.inOrder) {
      const carrier = protocol.carrier === true;
      // Nothing is carried twice, and a port that was given to a protocol may still have it inside of another.
      if (carrier ? inside : overruled) continue;
      const answer = protocol.recognise(bytes, 0, bytes.length, expected !== null);
      if (answer === 'yes') {
        if (protocol !== expected && !carrier) this.learn(connection.server, protocol, inside);
        return protocol;
      }
      if (answer === 'more') more = true;
    }
    return more && bytes.length < MAX_UNDECIDED ? 'more' : expected;
  }

  private learn({ text }: Endpoint, protocol: Protocol, inside: boolean): void {
    const learned = inside ? this.learnedInside : this.learned;
    if (learned.size < MAX_LEARNED) learned.set(text, protocol);
  }

  open(connection: Connection, protocol: Protocol, sink: MessageSink): ConnectionDecoder {
    this.tell(connection, protocol);
    return protocol.open(connection, sink, this.inside);
  }

  private tell(connection: Connection, protocol: Protocol): void {
    const told = connection.protocol !== null;
    connection.protocol = protocol.name;
    if (!told) this.sink.connectionOpened(connection);
  }

  /** Direction of payload from the middle of a connection that no port tells anything about. */
  guess(
    chunks: readonly StreamChunk[],
    among: readonly Protocol[],
  ): { protocol: Protocol; direction: Direction } | null {
    for (const protocol of among) {
      const direction = protocol.recogniseMidStream?.(chunks) ?? null;
      if (direction !== null) return { protocol, direction };
    }
    return null;
  }
}

/** Stands before the decoder of a connection until it is known which that is. */
class Undecided implements StreamHandler {
  /** Behind what it held. */
  readonly tellsMissing = true;
  successor: ConnectionDecoder | null = null;
  private ignored = false;
  private readonly early = new HeldChunks();
  private looks = 0;

  constructor(
    private readonly router: Router,
    private readonly connection: Connection,
    private readonly expected: Protocol | null,
    private readonly sink: MessageSink,
    private readonly inside: boolean,
  ) {}

  get held(): number {
    return this.early.bytes;
  }

  /** What was held is not decoded, if it is ever known what it was. */
  giveUp(): void {
    this.early.clear();
    if (!this.connection.midStream) this.choose(this.expected);
  }

  data(chunk: StreamChunk): void {
    if (this.successor === null) {
      if (this.ignored) return;
      if (this.connection.rolesKnown && !this.connection.midStream) this.decideAtStart(chunk);
      else this.decideMidStream(chunk);
    }
    this.successor?.data(chunk);
  }

  private decideAtStart(chunk: StreamChunk): void {
    const { early } = this;
    const { direction } = chunk;
    // Both sides of HTTP/2 begin at once; what the server says waits for the client's first words to be understood.
    const waits = this.expected === null && early.count > 0 && early.count < MAX_EARLY;
    if (direction === TO_CLIENT && waits && chunk.length <= MAX_UNDECIDED) {
      early.hold(chunk);
      return;
    }
    // A server that speaks first, or a client whose first bytes were lost: the port decides.
    if (direction !== TO_SERVER) {
      this.choose(this.expected);
      return;
    }
    const answer = this.router.recognise(this.connection, this.expected, early.joined(chunk), this.inside);
    if (answer === 'more') early.hold(chunk);
    else this.choose(answer);
  }

  /** Where the roles were guessed wrongly, it turns them and the chunk's direction. */
  private decideMidStream(chunk: StreamChunk): void {
    if (this.connection.rolesKnown) {
      this.choose(this.expected);
      return;
    }
    const among = this.expected === null ? this.router.protocols : [this.expected];
    const guess = this.router.guess([...this.early.latest(AGREEING - 1), chunk], among);
    if (guess === null) {
      if (++this.looks >= MID_STREAM_LOOKS) this.choose(this.expected);
      else this.holdLatest(chunk);
      return;
    }
    if (guess.direction !== chunk.direction) {
      this.connection.swapRoles();
      this.early.turn();
      chunk.direction = guess.direction;
    }
    this.connection.rolesKnown = true;
    this.choose(guess.protocol);
  }

  /** Holds it with those before it, as far as there is room: from the oldest that is kept on nothing is missing. */
  private holdLatest(chunk: StreamChunk): void {
    const { early } = this;
    if (chunk.length > MAX_MID_STREAM) {
      early.clear();
      return;
    }
    early.hold(chunk);
    while (early.count > MAX_EARLY || early.bytes > MAX_MID_STREAM) early.dropFirst();
  }

  private choose(protocol: Protocol | null): void {
    if (protocol === null) {
      this.ignored = true;
      this.early.clear();
      return;
    }
    const decoder = this.router.open(this.connection, protocol, this.sink);
    this.successor = decoder;
    this.early.release((chunk) => {
      decoder.data(chunk);
    });
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number, exact = true): void {
    if (this.successor === null && this.connection.midStream) this.early.clear();
    else if (this.successor === null && !this.ignored) this.choose(this.expected);
    const { successor } = this;
    if (successor === null) return;
    if (successor.tellsMissing !== true) this.sink.gap(missingBytes(this.connection, direction, length, frame, time));
    successor.gap(direction, length, position, frame, time, exact);
  }

  fin(direction: Direction, frame: number, time: number): void {
    if (this.successor === null && this.early.count > 0) this.choose(this.expected);
    this.successor?.fin(direction, frame, time);
  }

  end(frame: number, time: number): void {
    if (this.successor === null && this.early.count > 0) this.choose(this.expected);
    this.successor?.end(frame, time);
  }
}
