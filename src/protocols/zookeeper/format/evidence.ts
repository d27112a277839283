import { typeFacts, type JuteField } from './fields.js';
import type { RecordLayout } from './layout.js';
import { isOpcode } from './opcodes.js';

/** How sure bytes make it that something begins at them: not; too few bytes to say; it may; it does. */
export type Plausibility = 'no' | 'more' | 'weak' | 'strong';

const SLASH = 0x2f;
/** As many bytes of a path are looked at. */
const LOOKED_AT = 64;

/**
 * Length of a jute string that must be a path: length in front, `/` first, no control bytes as far as it can be seen.
 * -1 if it is none.
 * @param longest bytes that it may have at most
 */
export function pathAt(bytes: Buffer, at: number, end: number, longest: number): number | 'more' {
  if (end - at < 5) return 'more';
  const length = bytes.readInt32BE(at);
  if (length < 1 || length > longest || bytes[at + 4] !== SLASH) return -1;
  const stop = Math.min(at + 4 + length, end, at + 4 + LOOKED_AT);
  for (let i = at + 4; i < stop; i++) if (bytes[i]! < 0x20 || bytes[i] === 0x7f) return -1;
  return length;
}

/**
 * Whether a body of `length` bytes at `at`, of which those before `end` are at hand, can be this record: lengths within it
 * must leave room for what follows, and add up to its own. A path is strong evidence, and so is a length that leaves the
 * record's only field of variable length no choice; anything else is weak, and so are the results of a multi.
 */
export function recordEvidence(
  layout: RecordLayout,
  bytes: Buffer,
  at: number,
  end: number,
  length: number,
): Plausibility {
  let rest = layout.least;
  if (length < rest) return 'no';
  let position = at;
  let left = length;
  let open = layout.variable;
  for (const field of layout.fields) {
    if (field.optional) return left === 0 || left === typeFacts[field.type].least ? 'weak' : 'no';
    const { least, fixed } = typeFacts[field.type];
    rest -= least;
    let taken: number | 'more' | 'unknown' = least;
    if (fixed) {
      if (!inRange(field, bytes, position, end)) return 'no';
    } else {
      taken = variableLength(field, bytes, position, end, left - rest);
      if (taken === 'more') return open === layout.variable ? 'more' : strength(layout);
      if (taken === 'unknown') return strength(layout);
      if (taken < 0) return 'no';
      open--;
    }
    position += taken;
    left -= taken;
    if (open === 0 && left !== rest && layout.fields.at(-1)?.optional !== true) return 'no';
  }
  return left === 0 ? strength(layout) : 'no';
}

const strength = ({ telling }: RecordLayout): Plausibility => (telling ? 'strong' : 'weak');

/** An int outside of its range contradicts the record. */
function inRange({ type, range }: JuteField, bytes: Buffer, at: number, end: number): boolean {
  if (type !== 'int' || range === null || end - at < 4) return true;
  const value = bytes.readInt32BE(at);
  return value >= range[0] && value <= range[1];
}

/**
 * Bytes of a field of variable length, with the length in front; -1 if it cannot stand here, `more` where that length is
 * not at hand, `unknown` where it ends is not said in front (elements of a vector).
 * @param room bytes that the field may have at most
 */
function variableLength(
  field: JuteField,
  bytes: Buffer,
  at: number,
  end: number,
  room: number,
): number | 'more' | 'unknown' {
  switch (field.type) {
    case 'path': {
      const length = pathAt(bytes, at, end, room - 4);
      return length === 'more' || length < 0 ? length : 4 + length;
    }
    case 'requests':
    case 'results':
      return operationsLength(bytes, at, end, room, field.type === 'results');
    default: {
      if (end - at < 4) return 'more';
      const count = bytes.readInt32BE(at);
      if (count < -1) return -1;
      const { element = 1 } = typeFacts[field.type];
      if (count > 0 && count * element > room - 4) return -1;
      return count > 0 && element > 1 ? 'unknown' : 4 + Math.max(0, count);
    }
  }
}

/** MultiHeader { int type, boolean done, int err }: of the first operation, or the end of none; a result's type may be -1. */
function operationsLength(
  bytes: Buffer,
  at: number,
  end: number,
  room: number,
  results: boolean,
): number | 'more' | 'unknown' {
  if (end - at < 9) return results ? 'unknown' : 'more';
  const type = bytes.readInt32BE(at);
  if (bytes[at + 4] === 1) return type === -1 && bytes.readInt32BE(at + 5) === -1 ? 9 : -1;
  if (bytes[at + 4] !== 0 || room <= 9) return -1;
  if (results) return type === -1 || isOpcode(type) ? 'unknown' : -1;
  return isOpcode(type) && bytes.readInt32BE(at + 5) === -1 ? 'unknown' : -1;
}
