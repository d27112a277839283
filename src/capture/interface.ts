import type { Clock } from './clock.js';
import { joinedTicks, type OriginalInterface } from './original.js';
import type { BlockOption } from './write/options.js';

const DEFAULT_RESOLUTION = 6;
/** Above this, ticks of one second no longer fit a double together with 32 bits more. */
const LARGEST_EXACT_RATE = 2 ** 52;
const TWO_TO_32 = 0x1_0000_0000;

/** An interface of a pcapng section: its link type, and how its timestamps are turned into times. */
export class CaptureInterface implements OriginalInterface {
  readonly linkType: number;
  /** 0 for no limit. */
  readonly snapLength: number;
  private readonly ticksPerSecond: number;
  private readonly offsetSeconds: number;
  private readonly nanosecondsPerTick: number;
  // The upper halves of neighbouring timestamps are mostly equal, so their division is done once for many frames.
  private high = -1;
  private highSeconds = 0;
  private highTicks = 0;

  /**
   * `resolution` is the byte of if_tsresol: a power of ten, or of two where the top bit is set, both negative;
   * `offsetSeconds` is if_tsoffset.
   */
  constructor(
    linkType: number,
    snapLength: number,
    resolution: number | null,
    offsetSeconds: number,
    clock: Clock,
    readonly options: readonly BlockOption[] = [],
  ) {
    this.linkType = linkType;
    this.snapLength = snapLength;
    const exponent = (resolution ?? DEFAULT_RESOLUTION) & 0x7f;
    const binary = ((resolution ?? 0) & 0x80) !== 0;
    this.ticksPerSecond = binary ? 2 ** exponent : Number(`1e${exponent}`);
    this.nanosecondsPerTick = 1e9 / this.ticksPerSecond;
    this.offsetSeconds = offsetSeconds;
    const digits = binary ? Math.ceil(exponent * Math.LOG10E * Math.LN2) : exponent;
    clock.digits = Math.max(clock.digits, Math.min(digits, 12));
  }

  /** Time, on the clock, of the timestamp whose two 32-bit halves are given. */
  time(high: number, low: number, clock: Clock): number {
    const rate = this.ticksPerSecond;
    if (rate > LARGEST_EXACT_RATE) return this.slowTime(high, low, clock);
    if (high !== this.high) {
      const ticks = BigInt(high) << 32n;
      this.highSeconds = Number(ticks / BigInt(rate));
      this.highTicks = Number(ticks % BigInt(rate));
      this.high = high;
    }
    const ticks = this.highTicks + low;
    const seconds = Math.floor(ticks / rate);
    return clock.at(this.highSeconds + seconds + this.offsetSeconds, this.nanoseconds(ticks - seconds * rate));
  }

  /** The other way round: the halves of the timestamp of a time. */
  ticks(time: number, clock: Clock): { high: number; low: number } {
    const second = Math.floor(time / 1e9);
    const fraction = Math.floor(((time - second * 1e9) / 1e9) * this.ticksPerSecond);
    const seconds = Math.max(0, (clock.baseSeconds ?? 0) + second - this.offsetSeconds);
    return joinedTicks(seconds, fraction, this.ticksPerSecond);
  }

  private nanoseconds(ticks: number): number {
    const perTick = this.nanosecondsPerTick;
    return Number.isInteger(perTick) ? ticks * perTick : (ticks * 1e9) / this.ticksPerSecond;
  }

  /** Such ticks leave 64 bits for less than two hours since 1970, so doubles are exact enough. */
  private slowTime(high: number, low: number, clock: Clock): number {
    const exact = (high * TWO_TO_32 + low) / this.ticksPerSecond;
    const seconds = Math.floor(exact);
    return clock.at(seconds + this.offsetSeconds, (exact - seconds) * 1e9);
  }
}
