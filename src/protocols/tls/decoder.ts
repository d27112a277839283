import { TO_CLIENT, TO_SERVER, type Connection, type Direction, type Encrypted } from '../../network/connection.js';
import type { StreamChunk } from '../../network/streamChunk.js';
import { foreignName } from '../foreign.js';
import { missingBytes, type ConnectionDecoder, type MessageSink, type OpenInside } from '../protocol.js';
import { SessionKeys } from './crypto/sessionKeys.js';
import { readCertificates } from './handshake/certificates.js';
import { readClientHello, readEncryptedExtensions, readServerHello } from './handshake/hello.js';
import { KeyStore } from './keys/keyStore.js';
import { TlsMessage, type HandshakeOutcome, type TlsAlert, type TlsHandshake, type TlsOp } from './message.js';
import { alertName, HandshakeType, TLS_1_3 } from './names.js';
import { PlainText } from './plainText.js';
import { HoldBudget } from './records/heldRecords.js';
import type { RecordPlace } from './records/record.js';
import { TlsSide, type EarlyData, type SideEvents } from './side.js';

/** What TLS connections of a run share. */
export interface TlsContext {
  readonly keys: KeyStore;
  readonly budget: HoldBudget;
  /** Epoch seconds of a time of the run. */
  readonly epoch?: ((time: number) => number) | undefined;
}

const FATAL = 2;
const CLOSE_NOTIFY = 0;
/** An alert in an encrypted TLS 1.3 record: level, description, content type, and the tag of 16 bytes. */
const ENCRYPTED_ALERT_LENGTH = 19;
const HANDSHAKE_HEADER = 4;

/** A context without keys. */
export function noKeys(): TlsContext {
  return { keys: new KeyStore(), budget: new HoldBudget() };
}

/**
 * Reads a TLS connection: what it shows without keys (the hellos, certificates up to TLS 1.2, alerts, how the handshake
 * ended), and with keys its plain text, which `inside` decodes as if it had come by itself. It belongs to no port: any
 * protocol whose port speaks TLS may open one.
 */
export class TlsDecoder implements ConnectionDecoder, SideEvents {
  /** What is missing of a plain text that is read is told by whoever reads it. */
  readonly tellsMissing = true;
  private readonly sides: readonly [TlsSide, TlsSide];
  private readonly keys: SessionKeys;
  private readonly early: EarlyData = { offered: false, decided: false, accepted: false };
  private handshake: TlsHandshake | null = null;
  private plain: PlainText | null = null;
  private clientChangedCipher = false;
  private serverChangedCipher = false;
  private serverBytesMissing = false;
  private clientBytesMissing = false;
  private finished = false;

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    private readonly context: TlsContext = noKeys(),
    private readonly inside?: OpenInside,
  ) {
    connection.protocol = 'tls';
    const atStart = !connection.midStream;
    this.keys = new SessionKeys(context.keys);
    const none: EarlyData = { offered: false, decided: true, accepted: false };
    this.sides = [
      new TlsSide(TO_SERVER, this.keys, this, atStart, this.early, context.budget),
      new TlsSide(TO_CLIENT, this.keys, this, atStart, none, context.budget),
    ];
  }

  /** Of what lies inside; records have a bound of their own. */
  get held(): number {
    return this.plain?.held ?? 0;
  }

  giveUp(): void {
    this.plain?.giveUp();
  }

  data(chunk: StreamChunk): void {
    const { handshake } = this;
    const { direction, bytes, start, end, position, frame, time } = chunk;
    const side = this.sides[direction];
    if (direction === TO_CLIENT && handshake?.serverFirst === null) {
      handshake.serverFirst = { frame, time };
      if (position === 0) handshake.answeredBy = stranger(bytes, start, end);
    }
    side.reader.data(bytes, start, end, position, frame, time);
  }

  gap(direction: Direction, length: number, position: number, frame: number, time: number): void {
    if (direction === TO_CLIENT) this.serverBytesMissing = true;
    else this.clientBytesMissing = true;
    const side = this.sides[direction];
    if (!side.opens) this.sink.gap(missingBytes(this.connection, direction, length, frame, time));
    side.reader.gap(length, position, frame, time);
  }

  fin(direction: Direction, frame: number, time: number): void {
    const { handshake } = this;
    if (handshake !== null && !this.finished) {
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
    this.plain?.fin(direction, frame, time);
  }

  end(frame: number, time: number): void {
    for (const side of this.sides) side.end(frame, time);
    this.endHandshake(frame, time);
    for (const direction of [TO_SERVER, TO_CLIENT] as const) this.tellClosed(direction, frame, time);
    this.plain?.end(frame, time);
  }

  private endHandshake(frame: number, time: number): void {
    if (this.handshake === null || this.finished) return;
    const { toServer, toClient } = this.connection;
    const rst = toClient.rst ?? toServer.rst;
    if (rst !== null) {
      const by = rst === toClient.rst ? 'server' : 'client';
      this.decide('reset', by, rst.frame, rst.time, by === 'server' ? TO_CLIENT : TO_SERVER);
    } else this.decide('open', null, frame, time, TO_CLIENT);
  }

  /** Tells of bytes that were captured and could not be read. */
  private tellClosed(direction: Direction, frame: number, time: number): void {
    const side = this.sides[direction];
    const { connection } = this;
    const unaligned = side.opens ? 0 : side.reader.unalignedBytes;
    if (!side.seen && !side.reader.likely) {
      if (unaligned > 0) this.sink.gap({ connection, direction, frame, time, bytes: unaligned, reason: 'skipped' });
      return;
    }
    const bytes = side.closedBytes + unaligned;
    if (bytes === 0 || (side.everOpened && side.state === 'open')) return;
    const encrypted = this.closedBecause(side);
    connection.encrypted ??= encrypted;
    const place = side.firstClosed ?? side.reader.firstUnaligned ?? { frame, time };
    const { frame: first, time: since } = place;
    this.sink.gap({ connection, direction, frame: first, time: since, bytes, reason: 'encrypted', encrypted });
  }

  private closedBecause(side: TlsSide): Encrypted {
    if (side.neverFit) return 'key does not fit';
    if (!this.keys.agreed) return 'handshake not captured';
    return this.keys.supported ? 'no key' : 'cipher not supported';
  }

  // What the two sides tell

  handshakeMessage(direction: Direction, type: number, message: Buffer, place: RecordPlace, closed: boolean): void {
    const body = message.subarray(HANDSHAKE_HEADER);
    if (!closed) this.keys.handshakeMessage(message);
    switch (type) {
      case HandshakeType.CLIENT_HELLO:
        if (direction === TO_SERVER) this.clientHello(body, place, closed);
        break;
      case HandshakeType.SERVER_HELLO:
        if (direction === TO_CLIENT) this.serverHello(body, place, closed);
        break;
      case HandshakeType.ENCRYPTED_EXTENSIONS:
        if (direction === TO_CLIENT) this.encryptedExtensions(body);
        break;
      case HandshakeType.CERTIFICATE:
        this.certificate(direction, body, place);
        break;
      case HandshakeType.CLIENT_KEY_EXCHANGE:
        if (direction === TO_SERVER) this.keys.clientKeyExchange(body);
        break;
      case HandshakeType.FINISHED:
        if (direction === TO_SERVER && closed && this.keys.modern) this.complete(direction, place);
    }
  }

  private clientHello(body: Buffer, place: RecordPlace, closed: boolean): void {
    const hello = readClientHello(body, 0, body.length);
    if (hello !== null) {
      this.keys.clientHello(hello);
      this.early.offered = hello.earlyData;
      this.early.decided = false;
    }
    // Inside of an open connection it is a renegotiation.
    if (closed) return;
    // A second one answers a HelloRetryRequest: the handshake goes on counting from the first.
    if (hello !== null && this.handshake === null) {
      this.handshake = {
        hello: { frame: place.frame, time: place.time },
        helloEnd: place.streamEnd,
        helloLength: place.streamEnd,
        helloEpoch: this.context.epoch?.(place.time) ?? null,
        serverName: hello.serverName,
        offeredVersion: hello.version,
        alpn: hello.alpn,
        protocol: null,
        serverFirst: null,
        serverHello: null,
        version: null,
        cipherSuite: null,
        retried: false,
        resumed: false,
        encryptThenMac: false,
        serverCertificates: null,
        clientCertificates: null,
        serverCertificateAt: null,
        clientCertificateAt: null,
        alert: null,
        lateAlert: null,
        answeredBy: null,
        outcome: 'open',
        endedBy: null,
        decided: null,
      };
    }
    this.emit('request', 'ClientHello', TO_SERVER, place);
  }

  private serverHello(body: Buffer, place: RecordPlace, closed: boolean): void {
    const hello = readServerHello(body, 0, body.length);
    const { handshake } = this;
    if (hello !== null && !hello.retry) this.keys.serverHello(hello);
    if (closed) return;
    if (handshake !== null && hello !== null) {
      handshake.version = hello.version;
      handshake.cipherSuite = hello.cipherSuite;
      if (hello.retry) handshake.retried = true;
      else {
        handshake.serverHello = { frame: place.frame, time: place.time };
        handshake.resumed = hello.preSharedKey;
        handshake.encryptThenMac = hello.encryptThenMac;
        handshake.protocol = hello.alpn;
      }
    }
    const latency = handshake === null ? null : Math.max(0, place.time - handshake.hello.time);
    this.emit('response', hello?.retry === true ? 'HelloRetryRequest' : 'ServerHello', TO_CLIENT, place, latency);
    if (hello === null || hello.retry) return;
    if (hello.version !== TLS_1_3) this.early.decided = true;
    this.sides[TO_SERVER].resume();
  }

  private encryptedExtensions(body: Buffer): void {
    const { alpn, earlyData } = readEncryptedExtensions(body, 0, body.length);
    if (this.handshake !== null) this.handshake.protocol = alpn;
    this.early.decided = true;
    this.early.accepted = earlyData;
    this.sides[TO_SERVER].resume();
  }

  private certificate(direction: Direction, body: Buffer, { frame, time }: RecordPlace): void {
    const { handshake } = this;
    if (handshake === null) return;
    const chain = readCertificates(handshake.version ?? 0, body, 0, body.length);
    if (direction === TO_CLIENT) {
      handshake.serverCertificates ??= chain;
      handshake.serverCertificateAt ??= { frame, time };
    } else {
      handshake.clientCertificates ??= chain;
      handshake.clientCertificateAt ??= { frame, time };
    }
  }

  alert(direction: Direction, level: number, description: number, place: RecordPlace): void {
    const { handshake } = this;
    const by = direction === TO_SERVER ? 'client' : 'server';
    this.sink.message(
      new TlsMessage(this.connection, direction, 'message', 'Alert', handshake, place, null, level, description),
    );
    if (handshake === null) return;
    const { frame, time } = place;
    const alert: TlsAlert = { by, description: alertName(description), moment: { frame, time } };
    if (this.finished) {
      if (description !== CLOSE_NOTIFY) handshake.lateAlert ??= alert;
      return;
    }
    if (level !== FATAL && description !== CLOSE_NOTIFY) return;
    handshake.alert = alert;
    this.decide('alert', by, frame, time, direction);
  }

  changeCipherSpec(direction: Direction, place: RecordPlace): void {
    if (direction === TO_SERVER) this.clientChangedCipher = true;
    else this.serverChangedCipher = true;
    const { handshake } = this;
    if (handshake?.serverHello == null || this.finished || handshake.version === TLS_1_3) return;
    // A server that encrypts first has asked for nothing: the keys are those of a session of before.
    if (direction === TO_CLIENT && !this.clientChangedCipher) handshake.resumed = true;
    // Up to TLS 1.2 both sides say that they encrypt when the handshake is over but for its last message.
    if (this.clientChangedCipher && this.serverChangedCipher) this.complete(direction, place);
  }

  encrypted(direction: Direction, length: number, place: RecordPlace): void {
    const { handshake } = this;
    if (handshake?.serverHello == null || this.finished) return;
    if (handshake.version !== TLS_1_3 || direction !== TO_SERVER || this.sides[direction].everOpened) return;
    if (this.early.offered && !this.early.decided) return;
    if (length === ENCRYPTED_ALERT_LENGTH) {
      const { frame, time } = place;
      handshake.alert = { by: 'client', description: null, moment: { frame, time } };
      this.decide('alert', 'client', frame, time, direction);
    } else this.complete(direction, place);
  }

  text(direction: Direction, text: Buffer, place: RecordPlace): void {
    this.open()?.text(direction, text, place);
  }

  lost(direction: Direction, bytes: number, exact: boolean, before: number, place: RecordPlace): void {
    this.open()?.lost(direction, bytes, exact, before, place);
  }

  private open(): PlainText | null {
    if (this.inside === undefined) return null;
    return (this.plain ??= new PlainText(this.connection, this.sink, this.inside));
  }

  private complete(direction: Direction, { frame, time }: RecordPlace): void {
    if (this.handshake?.serverHello != null && !this.finished) this.decide('completed', null, frame, time, direction);
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

/** What a server that answers a ClientHello with something else speaks; null where it is TLS. */
function stranger(bytes: Buffer, start: number, end: number): string | null {
  const name = foreignName(bytes, start, end);
  if (name !== null) return name === 'TLS' ? null : name;
  const type = bytes[start]!;
  return type >= 20 && type <= 23 ? null : 'unknown';
}
