/*
 * V8 hashes numbers by a function that everybody knows: who chooses the keys of a Map can make thousands of them share a
 * chain. Keys that a capture chooses are turned first, by numbers that are drawn anew in each run.
 */

// A capture is written before the run that reads it: what its author cannot know is as good as what nobody can foresee.
const drawn = Buffer.alloc(20);
for (let i = 0; i < drawn.length; i++) drawn[i] = Math.floor(Math.random() * 256);

/** 32 random bits of this run, as a signed number; `index` 0 to 3. */
export function seed(index: number): number {
  return drawn.readInt32LE(4 * index);
}

const TURN = seed(0);
const ODD = seed(1) | 1;
const SHIFT = drawn.readUIntLE(16, 4) * 256;

/** A 32-bit number as a Map's key: another one for each, which nobody can foresee. */
export function numberKey(value: number): number {
  return Math.imul(value ^ TURN, ODD);
}

/** The same for a number that needs more than 32 bits; exact up to 2^52. */
export function largeNumberKey(value: number): number {
  return value + SHIFT;
}
