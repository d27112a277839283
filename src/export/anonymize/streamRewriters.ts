import type { Connection, Direction, Endpoint, Stream } from '../../network/connection.js';
import { TO_CLIENT, TO_SERVER } from '../../network/connection.js';
import type { StreamChunk } from '../../network/streamChunk.js';
import type { ConnectionListener, StreamHandler } from '../../network/streamHandler.js';
import { strangerName } from '../../protocols/foreign.js';
import { type ConnectedMessage, allProtocols } from '../../protocols/registry.js';
import { Router, type ServerPort } from '../../protocols/router.js';
import { KeyStore } from '../../protocols/tls/keys/keyStore.js';
import { ZabMessage } from '../../protocols/quorum/zab/zabMessage.js';
import { MessageView } from '../../protocols/zookeeper/decodedMessage.js';
import { carriedBy, type StreamReader } from './carried.js';
import type { AnonymizingKey } from './key.js';
import type { Maps } from './juteRewriter.js';
import { rewriteElection, rewriteZab } from './quorum.js';
import { RewrittenStream, StreamBytes } from './streams.js';
import { rewriteZooKeeper } from './zookeeper.js';

/**
 * Rewrites the streams of all TCP connections: decoders say, as for every other command, which messages there are; those
 * of protocols whose every byte has to be looked at (TLS, HTTP) are read along by readers of their own.
 */
export class StreamRewriters implements ConnectionListener {
  /** Bytes of payload that became zeros, of streams that are over. */
  zeroed = 0;
  private readonly router: Router;
  /** They go when TCP forgets its connection. */
  private readonly streams = new WeakMap<Stream, RewrittenStream>();
  private readonly bytes = new StreamBytes();

  constructor(
    private readonly maps: Maps,
    private readonly key: AnonymizingKey,
    ports: readonly ServerPort[],
  ) {
    const none = (): void => undefined;
    // Without keys: what is encrypted is not looked into.
    this.router = new Router(
      allProtocols(new KeyStore()),
      {
        message: (message: ConnectedMessage) => {
          this.message(message);
        },
        gap: none,
        connectionOpened: none,
        connectionClosed: none,
      },
      { ports },
    );
  }

  /** What is written of a stream. */
  of(facts: Stream): RewrittenStream {
    let stream = this.streams.get(facts);
    if (stream === undefined) this.streams.set(facts, (stream = new RewrittenStream(this.bytes)));
    return stream;
  }

  server(a: Endpoint, b: Endpoint): Endpoint | null {
    return this.router.server(a, b);
  }

  opened(connection: Connection): StreamHandler {
    return new Rewriter(connection, this.router.opened(connection), this);
  }

  closed(connection: Connection): void {
    this.router.closed(connection);
    for (const facts of [connection.toServer, connection.toClient]) {
      const stream = this.of(facts);
      stream.close();
      this.zeroed += stream.zeroed;
    }
  }

  /** A reader for connections whose bytes are looked at beside the messages; null for others. */
  readerOf(connection: Connection, position: number): StreamReader | null {
    return carriedBy(connection, (direction) => this.of(connection.stream(direction)), this.maps, this.key, position);
  }

  private message(message: ConnectedMessage): void {
    const stream = this.of(message.connection.stream(message.direction));
    if (message instanceof MessageView) rewriteZooKeeper(message, stream, this.maps);
    else if (message instanceof ZabMessage) rewriteZab(message, stream, this.maps);
    else if (message.protocol === 'election') {
      rewriteElection(message, stream, this.maps);
    }
  }
}

/** Fewer undecided bytes are nothing to give up. */
const LEAST_HELD = 64 * 1024;
/** Bytes that `strangerName` looks at. */
const SIGNATURE = 4;

/** Stands between TCP and the decoder of a connection. */
class Rewriter implements StreamHandler {
  private reader: StreamReader | null = null;

  constructor(
    private readonly connection: Connection,
    private inner: StreamHandler,
    private readonly owner: StreamRewriters,
  ) {}

  get tellsMissing(): boolean {
    return this.inner.tellsMissing === true;
  }

  get held(): number {
    return this.inner.held ?? 0;
  }

  giveUp(): void {
    this.inner.giveUp?.();
    // What is told of it later has no place any more.
    for (const direction of [TO_SERVER, TO_CLIENT] as const) {
      const stream = this.owner.of(this.connection.stream(direction));
      if (stream.seen - stream.decided > LEAST_HELD) stream.zeroTo(stream.seen);
    }
  }

  data(chunk: StreamChunk): void {
    const stream = this.owner.of(this.connection.stream(chunk.direction));
    stream.append(chunk.bytes, chunk.start, chunk.end, chunk.position);
    const { position } = chunk;
    this.inner.data(chunk);
    this.inner = this.inner.successor ?? this.inner;
    this.stranger();
    const { reader } = this;
    this.reader ??= this.owner.readerOf(this.connection, position);
    // A new one looks at what came before as well.
    if (reader === null) this.reader?.data(chunk.direction === TO_SERVER ? TO_CLIENT : TO_SERVER, 0);
    this.reader?.data(chunk.direction, position);
    this.serve();
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number, exact = true): void {
    this.inner.gap(direction, length, position, frame, time, exact);
    this.inner = this.inner.successor ?? this.inner;
    this.serve();
  }

  fin(direction: Direction, frame: number, time: number): void {
    this.inner.fin(direction, frame, time);
    this.serve();
  }

  end(frame: number, time: number): void {
    this.inner.end(frame, time);
    this.stranger();
    this.serve();
  }

  /** Of what is not the port's protocol the bytes stay by which that is known, and no more. */
  private stranger(): void {
    const { connection, owner } = this;
    if (connection.foreign === null) return;
    const stream = owner.of(connection.stream(TO_SERVER));
    if (stream.decided > 0 || stream.dead) return;
    const bytes = Buffer.from(stream.original(0, SIGNATURE));
    if (strangerName(bytes) !== 'unknown') stream.put(0, bytes);
    for (const direction of [TO_SERVER, TO_CLIENT] as const) owner.of(connection.stream(direction)).die();
  }

  private serve(): void {
    for (const direction of [TO_SERVER, TO_CLIENT] as const) this.owner.of(this.connection.stream(direction)).serve();
  }
}
