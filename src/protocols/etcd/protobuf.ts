export const VARINT = 0;
export const FIXED64 = 1;
export const BYTES = 2;
export const FIXED32 = 5;

/**
 * Reads the fields of one protobuf message in place, one after the other. 64-bit numbers come as two unsigned halves,
 * since lease ids do not fit a double. Nothing is allocated.
 */
export class ProtobufReader {
  /** Number and wire type of the present field. */
  field = 0;
  wire = 0;
  /** Value of a varint. */
  hi = 0;
  lo = 0;
  /** Contents of a length-delimited field: from `start` to before `end`. */
  start = 0;
  end = 0;
  /** The bytes broke the rules, or ended within a field: fields before that were good. */
  malformed = false;
  private at: number;

  constructor(
    readonly bytes: Buffer,
    start: number,
    private readonly limit: number,
  ) {
    this.at = start;
  }

  /** Moves to the next field; false at the end, or where the message is malformed. */
  next(): boolean {
    if (this.malformed || this.at >= this.limit) return false;
    if (!this.varint()) return this.fail();
    this.field = this.hi * 0x20000000 + (this.lo >>> 3);
    this.wire = this.lo & 7;
    if (this.field === 0 || this.field > 0x1fffffff) return this.fail();
    switch (this.wire) {
      case VARINT:
        return this.varint() || this.fail();
      case BYTES:
        if (!this.varint() || this.hi !== 0 || this.lo > this.limit - this.at) return this.fail();
        this.start = this.at;
        this.end = this.at + this.lo;
        this.at = this.end;
        return true;
      case FIXED64:
        return this.skip(8);
      case FIXED32:
        return this.skip(4);
      default:
        return this.fail();
    }
  }

  /** The varint as an int32 or a small number: exact below 2^53, negative where bit 63 is set. */
  get number(): number {
    const hi = this.hi | 0;
    return hi * 0x1_0000_0000 + this.lo;
  }

  private skip(count: number): boolean {
    if (this.limit - this.at < count) return this.fail();
    this.at += count;
    return true;
  }

  private fail(): boolean {
    this.malformed = true;
    return false;
  }

  /** At most 10 bytes of 7 bits, the lowest first; bits beyond the 64th are dropped, as protobuf does. */
  private varint(): boolean {
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.limit) return false;
      const byte = this.bytes[this.at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else if (shift < 63) hi |= bits << (shift - 32);
      else hi |= (bits & 1) << 31;
      if ((byte & 0x80) !== 0) continue;
      this.lo = lo >>> 0;
      this.hi = hi >>> 0;
      return true;
    }
    return false;
  }
}
