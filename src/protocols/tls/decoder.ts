import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import type { StreamChunk } from '../../network/streamChunk.js';
import type { ConnectionDecoder, MessageSink } from '../protocol.js';
import { readClientHello, readServerHello } from './hello.js';
import { TlsMessage, type HandshakeOutcome, type TlsHandshake, type TlsOp } from './message.js';
import { alertName, HandshakeType, TLS_1_3 } from './names.js';
import { RecordReader, type RecordEvents, type RecordPlace } from './recordReader.js';

const FATAL = 2;
/** An alert in an encrypted TLS 1.3 record: level, description, content type, and the tag of 16 bytes. */
const ENCRYPTED_ALERT_LENGTH = 19;

/**
 * Reads what TLS shows without keys: the hellos, alerts in clear, and how the handshake ended. It belongs to no port:
 * any protocol whose port speaks TLS may open one.
 */
export class TlsDecoder implements ConnectionDecoder {
  private readonly readers: readonly [RecordReader, RecordReader];
  private handshake: TlsHandshake | null = null;
  private clientChangedCipher = false;
  private serverChangedCipher = false;
  private serverBytesMissing = false;
  private clientBytesMissing = false;
  private finished = false;

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
  ) {
    connection.protocol = 'tls';
    this.readers = [new RecordReader(this.events(TO_SERVER)), new RecordReader(this.events(TO_CLIENT))];
  }

  data(chunk: StreamChunk): void {
    const handshake = this.handshake;
    const { direction, frame, time } = chunk;
    if (direction === TO_CLIENT && handshake?.serverFirst === null) handshake.serverFirst = { frame, time };
    this.readers[direction].data(chunk);
  }

  gap(direction: Direction, length: number): void {
    if (direction === TO_CLIENT) this.serverBytesMissing = true;
    else this.clientBytesMissing = true;
    this.readers[direction].gap(length);
  }

  fin(direction: Direction, frame: number, time: number): void {
    const handshake = this.handshake;
    if (handshake === null || this.finished) return;
    const by = direction === TO_SERVER ? 'client' : 'server';
    const { toServer, toClient } = this.connection;
    let outcome: HandshakeOutcome = 'closed';
    if (this.serverBytesMissing || this.clientBytesMissing) outcome = 'unknown';
    else if (direction === TO_SERVER && handshake.serverFirst === null) {
      // Without any packet of the server the capture may simply not have that direction.
      outcome = toClient.packets > 0 && toServer.acked >= handshake.helloEnd ? 'stalled' : 'unknown';
    }
    this.decide(outcome, by, frame, time, direction);
  }

  end(frame: number, time: number): void {
    for (const direction of [TO_SERVER, TO_CLIENT] as const) {
      const bytes = this.readers[direction].unread;
      if (bytes > 0) this.sink.gap({ connection: this.connection, direction, frame, time, bytes, reason: 'skipped' });
    }
    if (this.handshake === null || this.finished) return;
    const { toServer, toClient } = this.connection;
    const rst = toClient.rst ?? toServer.rst;
    if (rst !== null) {
      const by = rst === toClient.rst ? 'server' : 'client';
      this.decide('reset', by, rst.frame, rst.time, by === 'server' ? TO_CLIENT : TO_SERVER);
    } else this.decide('open', null, frame, time, TO_CLIENT);
  }

  private events(direction: Direction): RecordEvents {
    return {
      handshake: (type, body, place) => {
        if (direction === TO_SERVER && type === HandshakeType.CLIENT_HELLO) this.clientHello(body, place);
        else if (direction === TO_CLIENT && type === HandshakeType.SERVER_HELLO) this.serverHello(body, place);
      },
      alert: (level, description, place) => {
        this.alert(direction, level, description, place);
      },
      changeCipherSpec: (place) => {
        if (direction === TO_SERVER) this.clientChangedCipher = true;
        else this.serverChangedCipher = true;
        this.checkOldCompletion(direction, place);
      },
      encrypted: (length, place) => {
        this.encrypted(direction, length, place);
      },
    };
  }

  private clientHello(body: Buffer, place: RecordPlace): void {
    const hello = readClientHello(body, 0, body.length);
    // A second one answers a HelloRetryRequest: the handshake goes on counting from the first.
    if (hello !== null && this.handshake === null) {
      this.handshake = {
        hello: { frame: place.frame, time: place.time },
        helloEnd: place.streamEnd,
        helloLength: place.streamEnd,
        serverName: hello.serverName,
        offeredVersion: hello.version,
        alpn: hello.alpn,
        serverFirst: null,
        serverHello: null,
        version: null,
        alert: null,
        outcome: 'open',
        endedBy: null,
        decided: null,
      };
    }
    this.emit('request', 'ClientHello', TO_SERVER, place);
  }

  private serverHello(body: Buffer, place: RecordPlace): void {
    const hello = readServerHello(body, 0, body.length);
    const handshake = this.handshake;
    if (handshake !== null && hello !== null) {
      handshake.version = hello.version;
      if (!hello.retry) handshake.serverHello = { frame: place.frame, time: place.time };
    }
    const latency = handshake === null ? null : place.time - handshake.hello.time;
    this.emit('response', hello?.retry === true ? 'HelloRetryRequest' : 'ServerHello', TO_CLIENT, place, latency);
  }

  private alert(direction: Direction, level: number, description: number, place: RecordPlace): void {
    const by = direction === TO_SERVER ? 'client' : 'server';
    this.sink.message(
      new TlsMessage(this.connection, direction, 'message', 'Alert', this.handshake, place, null, level, description),
    );
    if (this.handshake === null || this.finished || (level !== FATAL && description !== 0)) return;
    this.handshake.alert = {
      by,
      description: alertName(description),
      moment: { frame: place.frame, time: place.time },
    };
    this.decide('alert', by, place.frame, place.time, direction);
  }

  private encrypted(direction: Direction, length: number, place: RecordPlace): void {
    const handshake = this.handshake;
    if (handshake?.serverHello == null || this.finished) return;
    if (handshake.version !== TLS_1_3 || direction !== TO_SERVER) return;
    if (length === ENCRYPTED_ALERT_LENGTH) {
      handshake.alert = { by: 'client', description: null, moment: { frame: place.frame, time: place.time } };
      this.decide('alert', 'client', place.frame, place.time, direction);
    } else this.decide('completed', null, place.frame, place.time, direction);
  }

  /** Up to TLS 1.2 both sides say that they encrypt when the handshake is over but for its last message. */
  private checkOldCompletion(direction: Direction, place: RecordPlace): void {
    const handshake = this.handshake;
    if (handshake?.serverHello == null || this.finished || handshake.version === TLS_1_3) return;
    if (this.clientChangedCipher && this.serverChangedCipher) {
      this.decide('completed', null, place.frame, place.time, direction);
    }
  }

  private decide(
    outcome: HandshakeOutcome,
    by: 'client' | 'server' | null,
    frame: number,
    time: number,
    direction: Direction,
  ): void {
    const handshake = this.handshake!;
    this.finished = true;
    handshake.outcome = outcome;
    handshake.endedBy = by;
    handshake.decided = outcome === 'open' ? null : { frame, time };
    const streamEnd = this.connection.stream(direction).delivered;
    const place = { firstFrame: handshake.hello.frame, firstTime: handshake.hello.time, frame, time, streamEnd };
    this.emit('message', 'Handshake', direction, place);
  }

  private emit(
    kind: 'request' | 'response' | 'message',
    op: TlsOp,
    direction: Direction,
    place: RecordPlace,
    latency: number | null = null,
  ): void {
    this.sink.message(new TlsMessage(this.connection, direction, kind, op, this.handshake, place, latency));
  }
}
