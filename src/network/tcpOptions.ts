import { uint32 } from './bytes.js';
import type { Segment } from './segment.js';
import { sequenceDistance } from './sequence.js';

/** Kinds of TCP options (RFC 9293, RFC 2018). */
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const SACK = 5;

/**
 * Whether the segment acknowledges bytes that its sender had already (D-SACK, RFC 2883): the first block of its SACK option
 * begins below the acknowledgement, or lies within the second block. Options that make no sense say nothing.
 */
export function reportsDuplicate({ bytes, start, options, acknowledgement }: Segment): boolean {
  for (let at = start - options; at < start;) {
    const kind = bytes[at]!;
    if (kind === END_OF_OPTIONS) return false;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < start ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > start) return false;
    if (kind === SACK) {
      if (length < 10) return false;
      const left = uint32(bytes, at + 2);
      if (sequenceDistance(acknowledgement, left) < 0) return true;
      if (length < 18) return false;
      const right = uint32(bytes, at + 6);
      return (
        sequenceDistance(uint32(bytes, at + 10), left) >= 0 && sequenceDistance(right, uint32(bytes, at + 14)) >= 0
      );
    }
    at += length;
  }
  return false;
}
