import type { BlockOption } from './write/options.js';

/** An interface as a capture describes it. One object for each, so that it can be told apart by identity. */
export interface OriginalInterface {
  readonly linkType: number;
  /** 0 for no limit. */
  readonly snapLength: number;
  /** if_tsresol and if_tsoffset are among them where they are not the default. */
  readonly options: readonly BlockOption[];
}

/** What a capture says of a packet beside its bytes: enough to write it again as it was. */
export interface OriginalPacket {
  readonly source: OriginalInterface;
  /** Halves of the timestamp, in ticks of the interface. */
  readonly high: number;
  readonly low: number;
  readonly options: readonly BlockOption[];
}

/** A packet of one of the captures of a run: which, and its number there (from 1, as Wireshark counts). */
export interface FiledPacket extends OriginalPacket {
  readonly file: string;
  readonly number: number;
}

const WORD = 2 ** 32;

/** Seconds and ticks within them (`rate` in a second) as the halves of one timestamp. */
export function joinedTicks(seconds: number, fraction: number, rate: number): { high: number; low: number } {
  const exact = seconds * rate + fraction;
  if (exact <= Number.MAX_SAFE_INTEGER) return { high: Math.floor(exact / WORD), low: exact % WORD };
  const ticks = BigInt(seconds) * BigInt(rate) + BigInt(fraction);
  return { high: Number((ticks >> 32n) & 0xffff_ffffn), low: Number(ticks & 0xffff_ffffn) };
}
