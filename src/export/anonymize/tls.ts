import type { Direction } from '../../network/connection.js';
import { isRecordHeader, RECORD_HEADER } from '../../protocols/tls/records/record.js';
import { RETRY_RANDOM } from '../../protocols/tls/handshake/hello.js';
import type { StreamReader } from './carried.js';
import { rewriteCertificates } from './certificates.js';
import type { AnonymizingKey } from './key.js';
import type { Maps } from './juteRewriter.js';
import type { RewrittenStream } from './streams.js';

const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const ALERT_LENGTH = 2;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
/** Highest type of a handshake message in use (message_hash apart). */
const HIGHEST_MESSAGE = 24;
const MESSAGE_HEADER = 4;
const RANDOM = 32;
/** Extensions whose contents say what is offered and chosen, and nothing of anybody: groups, formats, signatures, versions. */
const KEPT_EXTENSIONS: readonly number[] = [10, 11, 13, 43, 45, 50];
const SERVER_NAME = 0;
const ALPN = 16;
const PRE_SHARED_KEY = 41;
/** Application protocols by their names. */
const KEPT_PROTOCOLS: readonly string[] = ['h2', 'http/1.1', 'grpc-exp'];

/**
 * TLS: records keep their headers, hellos what they offer and choose, alerts in clear what they say. Names become others,
 * randoms and session ids other numbers; of certificates nothing stays but from when to when they are valid; keys and all that is encrypted become zeros.
 */
export class TlsReader implements StreamReader {
  /** What follows in a direction is encrypted. */
  private readonly encrypted: [boolean, boolean] = [false, false];

  constructor(
    private readonly stream: (direction: Direction) => RewrittenStream,
    private readonly maps: Maps,
    private readonly key: AnonymizingKey,
  ) {}

  data(direction: Direction): void {
    const stream = this.stream(direction);
    for (;;) {
      if (stream.dead) return;
      const start = stream.decided;
      const bytes = stream.original(start);
      if (bytes.length < RECORD_HEADER) return;
      // Where records begin is not known any more.
      if (!isRecordHeader(bytes, 0)) {
        stream.die();
        return;
      }
      const length = bytes.readUInt16BE(3);
      if (bytes.length < RECORD_HEADER + length) return;
      const out = Buffer.alloc(RECORD_HEADER + length);
      bytes.copy(out, 0, 0, RECORD_HEADER);
      this.record(
        direction,
        bytes[0]!,
        bytes.subarray(RECORD_HEADER, RECORD_HEADER + length),
        out.subarray(RECORD_HEADER),
      );
      stream.put(start, out);
    }
  }

  private record(direction: Direction, type: number, content: Buffer, out: Buffer): void {
    if (type === CHANGE_CIPHER_SPEC && content.length === 1) {
      out[0] = 1;
      this.encrypted[direction] = true;
    } else if (type === ALERT && content.length === ALERT_LENGTH && !this.encrypted[direction] && content[0]! <= 2) {
      content.copy(out);
    } else if (type === HANDSHAKE && (!this.encrypted[direction] || isSecondHello(content)))
      this.handshake(content, out);
  }

  private handshake(content: Buffer, out: Buffer): void {
    for (let at = 0; at + MESSAGE_HEADER <= content.length;) {
      const type = content[at]!;
      const length = content.readUIntBE(at + 1, 3);
      if (type > HIGHEST_MESSAGE || length > 0xffff) return;
      content.copy(out, at, at, at + MESSAGE_HEADER);
      const end = at + MESSAGE_HEADER + length;
      if (end <= content.length && (type === CLIENT_HELLO || type === SERVER_HELLO)) {
        const hello = new Hello(content.subarray(at + MESSAGE_HEADER, end), this.maps, this.key);
        hello.rewrite(type === CLIENT_HELLO).copy(out, at + MESSAGE_HEADER);
      } else if (end <= content.length && type === CERTIFICATE) {
        const body = at + MESSAGE_HEADER;
        rewriteCertificates(content.subarray(body, end), out.subarray(body, end), this.maps);
      }
      at = end;
    }
  }
}

/**
 * TLS 1.3 sends a ChangeCipherSpec that means nothing before the hellos that follow a HelloRetryRequest: they are
 * in clear, and fill their records.
 */
function isSecondHello(content: Buffer): boolean {
  if (content.length < MESSAGE_HEADER + 2 || (content[0] !== CLIENT_HELLO && content[0] !== SERVER_HELLO)) return false;
  return content.readUIntBE(1, 3) === content.length - MESSAGE_HEADER && content[MESSAGE_HEADER] === 3;
}

/** The body of a ClientHello or ServerHello. */
class Hello {
  private at = 0;
  private readonly out: Buffer;

  constructor(
    private readonly bytes: Buffer,
    private readonly maps: Maps,
    private readonly key: AnonymizingKey,
  ) {
    this.out = Buffer.alloc(bytes.length);
  }

  rewrite(ofClient: boolean): Buffer {
    const { bytes, out, key } = this;
    if (bytes.length < 2 + RANDOM + 1) return out;
    this.keep(2);
    const random = bytes.subarray(2, 2 + RANDOM);
    (random.equals(RETRY_RANDOM) ? random : key.bytes('TLS random', random, RANDOM)).copy(out, 2);
    this.at += RANDOM;
    const id = this.length(1);
    const session = bytes.subarray(this.at, this.at + id);
    if (id > 0) key.bytes('TLS session', session, session.length).copy(out, this.at);
    this.at += id;
    if (ofClient) {
      this.keep(this.length(2));
      this.keep(this.length(1));
    } else this.keep(3);
    if (this.at + 2 > bytes.length) return out;
    this.length(2);
    while (this.at + 4 <= bytes.length) {
      const type = bytes.readUInt16BE(this.at);
      this.keep(2);
      const length = this.length(2);
      const end = this.at + length;
      if (end > bytes.length) break;
      this.extension(type, end, ofClient);
      this.at = end;
    }
    return out;
  }

  private extension(type: number, end: number, ofClient: boolean): void {
    if (KEPT_EXTENSIONS.includes(type) || (type === PRE_SHARED_KEY && !ofClient)) {
      this.keep(end - this.at);
      return;
    }
    if (type === SERVER_NAME && end - this.at > 5) {
      // Length of the list, type of the name (0 is a host's), its length.
      this.keep(3);
      const length = Math.min(this.length(2), end - this.at);
      const name = this.bytes.subarray(this.at, this.at + length);
      this.maps.contents.text(Buffer.from(name)).copy(this.out, this.at);
    } else if (type === ALPN && end - this.at > 2) {
      this.keep(2);
      while (this.at < end) {
        const length = Math.min(this.length(1), end - this.at);
        const name = Buffer.from(this.bytes.subarray(this.at, this.at + length));
        const kept = KEPT_PROTOCOLS.includes(name.toString('latin1'));
        (kept ? name : this.maps.contents.text(name)).copy(this.out, this.at);
        this.at += length;
      }
    }
  }

  private keep(length: number): void {
    this.bytes.copy(this.out, this.at, this.at, this.at + length);
    this.at += length;
  }

  /** A length of so many bytes, kept; what it counts does not go beyond the hello. */
  private length(size: 1 | 2): number {
    if (this.at + size > this.bytes.length) return 0;
    const value = this.bytes.readUIntBE(this.at, size);
    this.keep(size);
    return Math.min(value, this.bytes.length - this.at);
  }
}
