import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { TcpConnection } from './tcpConnection.js';

const HASH_LENGTH = 32;
const TAG_LENGTH = 16;
const NONCE_LENGTH = 12;
const LARGEST_RECORD = 16_384;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const CHANGE_CIPHER_SPEC = Buffer.from('140303000101', 'hex');

/**
 * The same over TLS 1.3 (TLS_AES_128_GCM_SHA256): a handshake of the usual messages, and a record for each message. The
 * secrets of a connection are made of its number, and go into a key log; nobody checks certificate and Finished here.
 */
export class TlsConnection {
  #tcp;
  #schedule;
  #number;
  #keys = { client: null, server: null };
  #keyLog;

  /** `keyLog` takes lines. */
  constructor(schedule, number, keyLog, ...tcp) {
    this.#tcp = new TcpConnection(...tcp);
    this.#schedule = schedule;
    this.#number = number;
    this.#keyLog = keyLog;
  }

  get unacknowledged() {
    return this.#tcp.unacknowledged;
  }

  open(schedule, done) {
    this.#tcp.open(schedule, () => this.#handshake(done));
  }

  send(time, side, payload) {
    for (let at = 0; at < payload.length; at += LARGEST_RECORD) {
      this.#tcp.send(time, side, this.#seal(side, APPLICATION_DATA, payload.subarray(at, at + LARGEST_RECORD)));
    }
  }

  acknowledge(time, side) {
    this.#tcp.acknowledge(time, side);
  }

  close(schedule, side, done) {
    this.#tcp.close(schedule, side, done);
  }

  #handshake(done) {
    const random = this.#secret('client random');
    for (const [label, name] of [
      ['CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'client handshake'],
      ['SERVER_HANDSHAKE_TRAFFIC_SECRET', 'server handshake'],
      ['CLIENT_TRAFFIC_SECRET_0', 'client'],
      ['SERVER_TRAFFIC_SECRET_0', 'server'],
    ]) {
      this.#keyLog(`${label} ${random.toString('hex')} ${this.#secret(name).toString('hex')}\n`);
    }
    const schedule = this.#schedule;
    this.#tcp.send(schedule.now, 'client', record(HANDSHAKE, clientHello(random)));
    schedule.after(300, () => {
      this.#keys.server = trafficKeys(this.#secret('server handshake'));
      const hello = record(HANDSHAKE, serverHello(this.#secret('server random')));
      const encrypted = Buffer.concat([message(8, Buffer.alloc(2)), message(20, this.#secret('server finished'))]);
      this.#tcp.send(
        schedule.now,
        'server',
        Buffer.concat([hello, CHANGE_CIPHER_SPEC, this.#seal('server', HANDSHAKE, encrypted)]),
      );
      this.#keys.server = trafficKeys(this.#secret('server'));
      schedule.after(200, () => {
        this.#keys.client = trafficKeys(this.#secret('client handshake'));
        const finished = this.#seal('client', HANDSHAKE, message(20, this.#secret('client finished')));
        this.#tcp.send(schedule.now, 'client', Buffer.concat([CHANGE_CIPHER_SPEC, finished]));
        this.#keys.client = trafficKeys(this.#secret('client'));
        done();
      });
    });
  }

  #secret(name) {
    return createHash('sha256').update(`${name} ${this.#number}`).digest();
  }

  /** A record: content type behind the text, its nonce the number of the record (RFC 8446, 5.2 and 5.3). */
  #seal(side, type, text) {
    const keys = this.#keys[side];
    const header = Buffer.from([APPLICATION_DATA, 3, 3, 0, 0]);
    header.writeUInt16BE(text.length + 1 + TAG_LENGTH, 3);
    const nonce = Buffer.from(keys.iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(NONCE_LENGTH - 4) ^ keys.sequence++) >>> 0, NONCE_LENGTH - 4);
    const cipher = createCipheriv('aes-128-gcm', keys.key, nonce).setAAD(header);
    const sealed = [cipher.update(text), cipher.update(Buffer.from([type])), cipher.final()];
    return Buffer.concat([header, ...sealed, cipher.getAuthTag()]);
  }
}

function trafficKeys(secret) {
  return { key: expand(secret, 'key', 16), iv: expand(secret, 'iv', NONCE_LENGTH), sequence: 0 };
}

/** HKDF-Expand-Label (RFC 8446, 7.1) of no more than one block. */
function expand(secret, label, length) {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.from([0, length, name.length]), name, Buffer.from([0, 1])]);
  if (length > HASH_LENGTH) throw new RangeError('one block is all there is');
  return createHmac('sha256', secret).update(info).digest().subarray(0, length);
}

/** Both hellos of a handshake, each in a record of its own. */
export function hellos(random) {
  return { client: record(HANDSHAKE, clientHello(random)), server: record(HANDSHAKE, serverHello(random)) };
}

function record(type, body) {
  const header = Buffer.from([type, 3, 3, 0, 0]);
  header.writeUInt16BE(body.length, 3);
  return Buffer.concat([header, body]);
}

function message(type, body) {
  const header = Buffer.alloc(4);
  header.writeUInt32BE((type << 24) | body.length);
  return Buffer.concat([header, body]);
}

/** Offers TLS 1.3 and one suite; the key share is random: nobody computes with it. */
function clientHello(random) {
  const extensions = Buffer.from('002b0003020304000a00040002001d000d00040002040300330026002' + '4001d0020', 'hex');
  const share = createHash('sha256').update(random).digest();
  const length = Buffer.alloc(2);
  length.writeUInt16BE(extensions.length + share.length);
  return message(
    1,
    Buffer.concat([Buffer.from([3, 3]), random, Buffer.from('000002130101' + '00', 'hex'), length, extensions, share]),
  );
}

function serverHello(random) {
  const extensions = Buffer.from('002b0002030400330024001d0020', 'hex');
  const share = createHash('sha256').update(random).digest();
  const length = Buffer.alloc(2);
  length.writeUInt16BE(extensions.length + share.length);
  return message(
    2,
    Buffer.concat([Buffer.from([3, 3]), random, Buffer.from('00130100', 'hex'), length, extensions, share]),
  );
}
