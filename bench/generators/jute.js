/** Writes one ZooKeeper message: a 4-byte length, then jute records, big-endian. */
export class JuteWriter {
  #buffer = Buffer.alloc(64 * 1024);
  #used = 4;

  int(value) {
    this.#room(4);
    this.#used = this.#buffer.writeInt32BE(value, this.#used);
    return this;
  }

  /** A 64-bit number, as a double without a fraction or as a bigint. */
  long(value) {
    this.#room(8);
    if (typeof value === 'bigint') {
      this.#used = this.#buffer.writeBigInt64BE(value, this.#used);
    } else {
      const high = Math.floor(value / 2 ** 32);
      this.#used = this.#buffer.writeInt32BE(high, this.#used);
      this.#used = this.#buffer.writeUInt32BE(value - high * 2 ** 32, this.#used);
    }
    return this;
  }

  bool(value) {
    this.#room(1);
    this.#used = this.#buffer.writeUInt8(value ? 1 : 0, this.#used);
    return this;
  }

  string(value) {
    const length = Buffer.byteLength(value);
    this.int(length);
    this.#room(length);
    this.#used += this.#buffer.write(value, this.#used);
    return this;
  }

  /** A buffer: length, then bytes. */
  bytes(value) {
    return this.int(value.length).raw(value);
  }

  /** Bytes that were written before. */
  raw(value) {
    this.#room(value.length);
    this.#used += value.copy(this.#buffer, this.#used);
    return this;
  }

  /** The message, in memory of its own; the writer is empty again. */
  finish() {
    this.#buffer.writeInt32BE(this.#used - 4, 0);
    const message = Buffer.from(this.#buffer.subarray(0, this.#used));
    this.#used = 4;
    return message;
  }

  #room(count) {
    if (this.#used + count <= this.#buffer.length) return;
    const larger = Buffer.alloc(Math.max(this.#buffer.length * 2, this.#used + count));
    this.#buffer.copy(larger, 0, 0, this.#used);
    this.#buffer = larger;
  }
}
