import type { Connection, Direction, Endpoint } from '../network/connection.js';
import { TO_CLIENT, TO_SERVER } from '../network/connection.js';
import type { ConnectionListener, StreamHandler } from '../network/streamHandler.js';
import type { TcpEventKind } from '../network/tcpEvents.js';
import type { ConnectionDecoder, MessageSink, Protocol } from './protocol.js';

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

export interface RouterOptions {
  /** Server ports that are given to a protocol whatever their bytes say: port → name of the protocol. */
  readonly ports?: ReadonlyMap<number, string>;
}

/** Servers that a handshake showed on a port of their own are remembered, up to this many. */
const MAX_LEARNED = 10_000;
/** First bytes that are kept while the protocols cannot say yet whether they are theirs. */
const MAX_UNDECIDED = 256;
/** Segments that are kept meanwhile. */
const MAX_EARLY = 16;
/** Segments of a connection from nowhere that are looked at before it is left alone. */
const MID_STREAM_LOOKS = 8;

/** Gives each connection to the protocol that its port or its first bytes belong to. */
export class Router implements ConnectionListener {
  private readonly byPort = new Map<number, Protocol>();
  private readonly overruled = new Map<number, Protocol>();
  private readonly learned = new Map<string, Protocol>();

  constructor(
    readonly protocols: readonly Protocol[],
    private readonly sink: ConnectionSink,
    options: RouterOptions = {},
  ) {
    for (const protocol of protocols) for (const port of protocol.ports) this.byPort.set(port, protocol);
    for (const [port, name] of options.ports ?? []) {
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
    if (protocol !== null && connection.midStream && connection.rolesKnown) return protocol.open(connection, this.sink);
    return new Undecided(this, connection, protocol);
  }

  closed(connection: Connection): void {
    if (connection.protocol !== null) this.sink.connectionClosed(connection);
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
    start: number,
    end: number,
  ): Protocol | 'more' | null {
    if (this.overruled.has(connection.server.port)) return expected;
    let more = false;
    for (const protocol of this.protocols) {
      const answer = protocol.recognise(bytes, start, end);
      if (answer === 'yes') {
        if (protocol !== expected && this.learned.size < MAX_LEARNED)
          this.learned.set(connection.server.text, protocol);
        return protocol;
      }
      if (answer === 'more') more = true;
    }
    return more && end - start < MAX_UNDECIDED ? 'more' : expected;
  }

  open(connection: Connection, protocol: Protocol): ConnectionDecoder {
    this.tell(connection, protocol);
    return protocol.open(connection, this.sink);
  }

  private tell(connection: Connection, protocol: Protocol): void {
    const told = connection.protocol !== null;
    connection.protocol = protocol.name;
    if (!told) this.sink.connectionOpened(connection);
  }

  /** Direction of payload from the middle of a connection that no port tells anything about. */
  guess(
    bytes: Buffer,
    start: number,
    end: number,
    among: readonly Protocol[],
  ): { protocol: Protocol; direction: Direction } | null {
    for (const protocol of among) {
      const direction = protocol.recogniseMidStream?.(bytes, start, end) ?? null;
      if (direction !== null) return { protocol, direction };
    }
    return null;
  }
}

interface Early {
  readonly direction: Direction;
  readonly bytes: Buffer;
  readonly position: number;
  readonly frame: number;
  readonly time: number;
}

/** Stands before the decoder of a connection until it is known which that is. */
class Undecided implements StreamHandler {
  successor: ConnectionDecoder | null = null;
  private ignored = false;
  private early: Early[] = [];
  private looks = 0;

  constructor(
    private readonly router: Router,
    private readonly connection: Connection,
    private readonly expected: Protocol | null,
  ) {}

  data(
    direction: Direction,
    bytes: Buffer,
    start: number,
    end: number,
    position: number,
    frame: number,
    time: number,
  ): void {
    if (this.successor === null) {
      if (this.ignored) return;
      if (this.connection.rolesKnown && !this.connection.midStream)
        this.decideAtStart(direction, bytes, start, end, position, frame, time);
      else direction = this.decideMidStream(direction, bytes, start, end);
    }
    this.successor?.data(direction, bytes, start, end, position, frame, time);
  }

  private decideAtStart(
    direction: Direction,
    bytes: Buffer,
    start: number,
    end: number,
    position: number,
    frame: number,
    time: number,
  ): void {
    // Both sides of HTTP/2 begin at once; what the server says waits for the client's first words to be understood.
    const waits = this.expected === null && this.early.length > 0 && this.early.length < MAX_EARLY;
    if (direction === TO_CLIENT && waits && end - start <= MAX_UNDECIDED) {
      this.early.push({ direction, bytes: Buffer.from(bytes.subarray(start, end)), position, frame, time });
      return;
    }
    // A server that speaks first, or a client whose first bytes were lost: the port decides.
    const first = direction === TO_SERVER && (position === 0 || this.early.length > 0);
    if (!first) {
      this.choose(this.expected);
      return;
    }
    let from = start;
    let to = end;
    let all = bytes;
    if (this.early.length > 0) {
      const before = this.early.filter((piece) => piece.direction === direction).map((piece) => piece.bytes);
      all = Buffer.concat([...before, bytes.subarray(start, end)]);
      from = 0;
      to = all.length;
    }
    const answer = this.router.recognise(this.connection, this.expected, all, from, to);
    if (answer !== 'more') {
      this.choose(answer);
      return;
    }
    this.early.push({ direction, bytes: Buffer.from(bytes.subarray(start, end)), position, frame, time });
  }

  private decideMidStream(direction: Direction, bytes: Buffer, start: number, end: number): Direction {
    if (this.connection.rolesKnown) {
      this.choose(this.expected);
      return direction;
    }
    const among = this.expected === null ? this.router.protocols : [this.expected];
    const guess = this.router.guess(bytes, start, end, among);
    if (guess !== null) {
      let actual = direction;
      if (guess.direction !== direction) {
        this.connection.swapRoles();
        actual = guess.direction;
      }
      this.connection.rolesKnown = true;
      this.choose(guess.protocol);
      return actual;
    }
    if (++this.looks >= MID_STREAM_LOOKS) this.choose(this.expected);
    return direction;
  }

  private choose(protocol: Protocol | null): void {
    if (protocol === null) {
      this.ignored = true;
      this.early = [];
      return;
    }
    const decoder = this.router.open(this.connection, protocol);
    this.successor = decoder;
    for (const { direction, bytes, position, frame, time } of this.early) {
      decoder.data(direction, bytes, 0, bytes.length, position, frame, time);
    }
    this.early = [];
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number): void {
    if (this.successor === null && !this.ignored && !this.connection.midStream) this.choose(this.expected);
    this.successor?.gap(direction, length, position, frame, time);
  }

  fin(direction: Direction, frame: number, time: number): void {
    if (this.successor === null && this.early.length > 0) this.choose(this.expected);
    this.successor?.fin(direction, frame, time);
  }

  end(frame: number, time: number): void {
    if (this.successor === null && this.early.length > 0) this.choose(this.expected);
    this.successor?.end(frame, time);
  }
}
