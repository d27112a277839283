const BUFFER = 1024 * 1024;
const LARGEST_RECORD = 70_000;

/** Thrown once the capture has as many packets as were asked for. */
export class Enough extends Error {}

/** Writes a classic pcap (little-endian, microseconds) of at most `limit` packets, a buffer at a time. */
export class PcapWriter {
  packets = 0;
  bytes = 0;
  /** Packets that are wanted. */
  limit;
  #write;
  #buffer = Buffer.alloc(BUFFER + LARGEST_RECORD);
  #used = 0;
  /** Key log of what is encrypted; empty where nothing is. */
  keys = '';

  /** `write` takes a buffer that it must not keep. */
  constructor(limit, write) {
    this.limit = limit;
    this.#write = write;
    const header = Buffer.from('d4c3b2a10200040000000000000000000000040001000000', 'hex');
    this.#used = header.copy(this.#buffer, 0, 0, 24);
  }

  /**
   * Adds a record for a frame of `length` bytes at `time` (microseconds since 1970) and gives the place for its bytes:
   * calls `fill(buffer, offset)`.
   */
  frame(time, length, fill) {
    if (this.packets === this.limit) throw new Enough();
    const buffer = this.#buffer;
    let at = this.#used;
    const seconds = Math.floor(time / 1e6);
    at = buffer.writeUInt32LE(seconds, at);
    at = buffer.writeUInt32LE(time - seconds * 1e6, at);
    at = buffer.writeUInt32LE(length, at);
    at = buffer.writeUInt32LE(length, at);
    fill(buffer, at);
    this.#used = at + length;
    this.packets++;
    if (this.#used >= BUFFER) this.flush();
  }

  keyLog(line) {
    this.keys += line;
  }

  flush() {
    this.bytes += this.#used;
    this.#write(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}
