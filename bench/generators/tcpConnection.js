import { setChecksums } from './checksum.js';

const FIN = 1;
const SYN = 2;
const PSH = 8;
const ACK = 16;
const ETHERNET = 14;
const HEADERS = ETHERNET + 20 + 32;
const NOTHING = Buffer.alloc(0);

/** One TCP connection over IPv4 and Ethernet, whose every segment goes into a capture when it is sent. */
export class TcpConnection {
  #writer;
  #largest;
  #ends;
  /** Bytes sent since the other side last acknowledged, by side. */
  unacknowledged = { client: 0, server: 0 };

  /** Addresses are 32-bit numbers; `largest` is the most payload that a segment carries. */
  constructor(writer, client, server, random, largest = 1448) {
    this.#writer = writer;
    this.#largest = largest;
    const start = random.below(2 ** 32);
    this.#ends = {
      client: { ...client, next: start, id: start & 0xffff, other: 'server' },
      server: { ...server, next: random.below(2 ** 32), id: (start >>> 8) & 0xffff, other: 'client' },
    };
  }

  /** The three packets of the handshake, each when `schedule` has come to it; then calls `done`. */
  open(schedule, done) {
    this.#segment(schedule.now, 'client', SYN);
    schedule.after(50, () => {
      this.#segment(schedule.now, 'server', SYN | ACK);
      schedule.after(40, () => {
        this.#segment(schedule.now, 'client', ACK);
        done();
      });
    });
  }

  /** The client's SYN alone. */
  synchronise(time) {
    this.#segment(time, 'client', SYN);
  }

  /** The server's answer to it. */
  accept(time) {
    this.#segment(time, 'server', SYN | ACK);
  }

  /** Bytes that are sent and acknowledged, but not captured. */
  lose(side, length) {
    this.#ends[side].next = (this.#ends[side].next + length) % 2 ** 32;
  }

  /** Sends payload, in as many segments as it takes; what came from the other side is acknowledged with it. */
  send(time, side, payload) {
    for (let at = 0; at < payload.length; at += this.#largest) {
      const part = payload.subarray(at, at + this.#largest);
      this.#segment(time, side, at + part.length === payload.length ? PSH | ACK : ACK, part);
    }
  }

  acknowledge(time, side) {
    this.#segment(time, side, ACK);
  }

  /** An orderly end that `side` begins; then calls `done`. */
  close(schedule, side, done) {
    const { other } = this.#ends[side];
    this.#segment(schedule.now, side, FIN | ACK);
    schedule.after(60, () => {
      this.#segment(schedule.now, other, FIN | ACK);
      schedule.after(40, () => {
        this.#segment(schedule.now, side, ACK);
        done();
      });
    });
  }

  #segment(time, side, flags, payload = NOTHING) {
    const from = this.#ends[side];
    const to = this.#ends[from.other];
    this.#writer.frame(time, HEADERS + payload.length, (buffer, start) => {
      buffer.writeUInt16BE(0x0242, start);
      buffer.writeUInt32BE(to.address, start + 2);
      buffer.writeUInt16BE(0x0242, start + 6);
      buffer.writeUInt32BE(from.address, start + 8);
      buffer.writeUInt16BE(0x0800, start + 12);
      const ip = start + ETHERNET;
      buffer.writeUInt16BE(0x4500, ip);
      buffer.writeUInt16BE(52 + payload.length, ip + 2);
      buffer.writeUInt16BE(from.id, ip + 4);
      buffer.writeUInt16BE(0x4000, ip + 6);
      buffer.writeUInt16BE(0x4006, ip + 8);
      buffer.writeUInt32BE(from.address, ip + 12);
      buffer.writeUInt32BE(to.address, ip + 16);
      const tcp = ip + 20;
      buffer.writeUInt16BE(from.port, tcp);
      buffer.writeUInt16BE(to.port, tcp + 2);
      buffer.writeUInt32BE(from.next, tcp + 4);
      buffer.writeUInt32BE((flags & ACK) === 0 ? 0 : to.next, tcp + 8);
      buffer.writeUInt16BE(0x8000 | flags, tcp + 12);
      buffer.writeUInt16BE(501, tcp + 14);
      buffer.writeUInt32BE(0, tcp + 16);
      buffer.writeUInt32BE(0x0101080a, tcp + 20);
      buffer.writeUInt32BE(Math.floor(time / 1000) % 2 ** 32, tcp + 24);
      buffer.writeUInt32BE(Math.floor(time / 1000) % 2 ** 32, tcp + 28);
      payload.copy(buffer, tcp + 32);
      setChecksums(buffer, ip, tcp + 32 + payload.length);
    });
    from.id = (from.id + 1) & 0xffff;
    from.next = (from.next + payload.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1)) % 2 ** 32;
    this.unacknowledged[side] += payload.length;
    this.unacknowledged[from.other] = 0;
  }
}
