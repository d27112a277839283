import type { MaskedBytes } from '../dump/bytes.js';
import {
  lenientCandidates,
  possibleCandidates,
  readAs,
  type Candidate,
  type MessageDirection,
  type MessageKind,
  type Interpretation,
} from './candidates.js';
import type { AnnotatedField, RecordBounds } from './reader.js';
import { MAX_LENGTH } from '../../protocols/zookeeper/connection/resync.js';

/** A message of a pasted dump, field by field. */
export interface AnnotatedMessage {
  /** Index in the run of its first byte, and behind its last captured byte. */
  readonly offset: number;
  readonly end: number;
  /** Value of the length prefix; null where it is masked or missing. */
  readonly length: number | null;
  /** Bytes of it that are not in the dump; null where that is not known. */
  readonly missing: number | null;
  /** null where the bytes fit more than one kind. `text` and `foreign` are not framed messages of ZooKeeper. */
  readonly kind: MessageKind | 'fourLetterWord' | 'text' | 'foreign' | null;
  /** ZooKeeper's name of the operation, null if it is not known; then `possibleOps` has those that fit (none: any). */
  readonly op: string | null;
  readonly possibleOps: readonly string[];
  /** Where `op` comes from: the message itself, the request with the same xid, the caller, the layout alone. */
  readonly opFrom: 'message' | 'request' | 'option' | 'layout' | null;
  readonly fields: readonly AnnotatedField[];
  /** What else must be said of it, in plain English. */
  readonly notes: readonly string[];
}

/** What is known of a message before it is read. */
export interface MessageContext {
  readonly direction: MessageDirection | null;
  /** Operation that a response with this xid (null: masked) answers. */
  readonly answered: (xid: number | null) => { readonly op: string; readonly from: 'request' | 'option' } | null;
  /** How many lengths may still be tried for masked ones. */
  readonly effort: { lengths: number };
}

/** Shorter ones do not exist: a request header has 8 bytes. */
const SHORTEST = 8;
/** Lengths that are tried for one that is masked. */
const MOST_TRIED = 4096;

/**
 * Reads the message whose length prefix stands at `at`. null if none can stand there.
 * @param sure whether a message surely begins here, because the one before ended here
 */
export function annotateMessage(
  data: MaskedBytes,
  at: number,
  context: MessageContext,
  sure: boolean,
): AnnotatedMessage | null {
  const left = data.length - at;
  const lengthKnown = data.isKnown(at, at + 4);
  if (left < 4) return sure ? beginning(data, at) : null;
  const length = lengthKnown ? data.bytes.readInt32BE(at) : null;
  if (length !== null && (length < SHORTEST || length > MAX_LENGTH)) return null;
  const start = at + 4;
  const end = length === null ? Infinity : start + length;
  return read(data, at, { start, end, captured: Math.min(data.length, end) }, context, sure);
}

/** Reads bytes that are a message without its length prefix; null if they are not exactly that. */
export function annotateWithoutPrefix(data: MaskedBytes, context: MessageContext): AnnotatedMessage | null {
  if (data.length < SHORTEST) return null;
  const message = read(data, null, { start: 0, end: data.length, captured: data.length }, context, false);
  return message?.kind == null
    ? null
    : { ...message, notes: ['The four bytes of its length are not in the dump.', ...message.notes] };
}

/** The first one to three bytes of a length prefix. */
function beginning(data: MaskedBytes, at: number): AnnotatedMessage {
  return {
    offset: at,
    end: data.length,
    length: null,
    missing: null,
    kind: null,
    op: null,
    possibleOps: [],
    opFrom: null,
    fields: [restField(data, at, data.length)],
    notes: ['The dump ends within the four bytes of its length.'],
  };
}

/** @param prefixAt where the length prefix stands, null if there is none */
function read(
  data: MaskedBytes,
  prefixAt: number | null,
  bounds: RecordBounds,
  context: MessageContext,
  sure: boolean,
): AnnotatedMessage | null {
  const { start } = bounds;
  const xid = data.isKnown(start, start + 4) && start + 4 <= bounds.captured ? data.bytes.readInt32BE(start) : null;
  const answered = context.direction === 'request' ? null : context.answered(xid);
  const notes: string[] = [];
  let op = answered?.op ?? null;
  let readings = readingsOf(possibleCandidates(data, start, context.direction, op), data, bounds);
  if (readings.length === 0 && op !== null) {
    readings = readingsOf(possibleCandidates(data, start, context.direction, null), data, bounds);
    if (readings.length > 0) {
      notes.push(`Its body is not that of an answer to ${op}.`);
      op = null;
    }
  }
  if (readings.length === 0) {
    const lenient = sure || prefixAt !== null ? lenientReading(data, bounds, context.direction, op, sure) : null;
    if (lenient === null) return null;
    readings = [lenient];
    notes.push(...lenientNotes(lenient));
  }
  if (prefixAt === null) readings = readings.filter((reading) => reading.end === 'whole');
  if (readings.length === 0) return null;
  if (readings.length === 1) readings = [withMaskedLength(readings[0]!, data, bounds, context.effort)];
  return assemble(data, prefixAt, bounds, readings, op === null ? null : answered!.from, notes);
}

function readingsOf(candidates: readonly Candidate[], data: MaskedBytes, bounds: RecordBounds): Interpretation[] {
  const readings: Interpretation[] = [];
  for (const candidate of candidates) {
    const reading = readAs(candidate, data, bounds, true);
    if (reading !== null) readings.push(reading);
  }
  return readings;
}

/** Where nothing that is usual fits: read as far as it goes, if a message surely stands here or its header is plausible. */
function lenientReading(
  data: MaskedBytes,
  bounds: RecordBounds,
  direction: MessageDirection | null,
  op: string | null,
  sure: boolean,
): Interpretation | null {
  if (direction === null) return null;
  const [candidate] = lenientCandidates(data, bounds.start, direction, op);
  if (candidate === undefined) return null;
  if (!sure && candidate.ops.some((name) => name.startsWith('unknown('))) return null;
  // Without a message before it, only what has a usual header: a strict reading of the header alone.
  if (
    !sure &&
    readAs(candidate, data, { ...bounds, captured: Math.min(bounds.captured, bounds.start + 8) }, true) === null
  )
    return null;
  return readAs(candidate, data, bounds, false);
}

function lenientNotes({ candidate, end }: Interpretation): string[] {
  const record = candidate.kind === 'notification' ? 'a notification' : (candidate.ops[0] ?? 'any known operation');
  if (candidate.ops[0]?.startsWith('unknown(') === true)
    return ['No version of ZooKeeper up to 3.9 has this operation.'];
  return end === 'extra' || candidate.ops.length === 0
    ? [`Its body is not that of ${record}: it is shown as far as it can be read.`]
    : ['Some of its values are not what clients or servers send.'];
}

/** Tries all lengths for one that is masked: it is known if with exactly one of them the record ends with the message. */
function withMaskedLength(
  reading: Interpretation,
  data: MaskedBytes,
  bounds: RecordBounds,
  effort: { lengths: number },
): Interpretation {
  const at = reading.maskedLengthAt;
  if (at === null || bounds.end === Infinity || bounds.captured < bounds.end) return reading;
  const most = bounds.end - at - 4;
  if (most > MOST_TRIED || most > effort.lengths) return reading;
  effort.lengths -= most;
  const mask = data.mask.readInt32BE(at);
  const known = data.bytes.readInt32BE(at);
  let only: Interpretation | null = null;
  for (let length = -1; length <= most; length++) {
    if ((length & mask) !== known) continue;
    const tried = readAs(reading.candidate, data, bounds, true, { at, length });
    if (tried === null) continue;
    if (tried.end !== 'whole' || only !== null) return reading;
    only = tried;
  }
  return only ?? reading;
}

function restField(data: MaskedBytes, start: number, end: number): AnnotatedField {
  return {
    name: '',
    type: 'rest',
    offset: start,
    length: end - start,
    value: null,
    known: data.isKnown(start, end) ? 'known' : data.isUnknown(start, end) ? 'unknown' : 'partly',
    partial: null,
    inferred: false,
  };
}

/** Fields that all readings have at the same place with the same value: whichever of them is true, these are. */
export function commonFields(readings: readonly Interpretation[]): AnnotatedField[] {
  const [first, ...others] = readings;
  const byPlace = others.map(
    (reading) => new Map(reading.fields.map((field) => [`${field.offset}+${field.length}`, field])),
  );
  const common: AnnotatedField[] = [];
  for (const field of first!.fields) {
    const same = byPlace.map((fields) => fields.get(`${field.offset}+${field.length}`));
    if (!same.every((other) => isSameField(other, field))) continue;
    const names = new Set([field.name, ...same.map((other) => other!.name)]);
    common.push({ ...field, name: [...names].join(' or ') });
  }
  return common;
}

function isSameField(other: AnnotatedField | undefined, field: AnnotatedField): boolean {
  return other?.value === field.value && kindOf(other) === kindOf(field);
}

/** Types that differ only in how their value is shown. */
function kindOf({ type }: AnnotatedField): string {
  return type === 'length' ? 'int' : type === 'ustring' ? 'buffer' : type;
}

function assemble(
  data: MaskedBytes,
  prefixAt: number | null,
  bounds: RecordBounds,
  readings: readonly Interpretation[],
  from: 'request' | 'option' | null,
  notes: readonly string[],
): AnnotatedMessage {
  const common = readings.length === 1 ? [...readings[0]!.fields] : commonFields(readings);
  const only = readings.length === 1 ? readings[0]! : null;
  const { length, end, inferred } = extent(data, prefixAt, bounds, only);
  const all = [...common];
  if (prefixAt !== null) all.unshift(prefixField(data, prefixAt, length, inferred));
  const kinds = new Set(readings.map(({ candidate }) => candidate.kind));
  const kind = kinds.size === 1 ? readings[0]!.candidate.kind : null;
  const open = readings.some(({ candidate }) => candidate.ops.length === 0);
  const ops = open ? [] : [...new Set(readings.flatMap(({ candidate }) => candidate.ops))];
  const op = ops.length === 1 ? ops[0]! : null;
  const opFrom =
    op === null ? null : kind === 'response' ? (from ?? (op === 'ping' ? 'message' : 'layout')) : 'message';
  return {
    offset: prefixAt ?? bounds.start,
    end,
    length,
    missing: bounds.end === Infinity ? (inferred ? 0 : null) : bounds.end - bounds.captured,
    kind,
    op,
    possibleOps: op === null ? ops : [],
    opFrom,
    fields: withRests(data, all, prefixAt ?? bounds.start, end),
    notes: [...notes, ...maskNotes(readings, length, inferred)],
  };
}

/** Length and end of a message. Where the length is masked, a record that can only be read in one way tells it. */
function extent(
  data: MaskedBytes,
  prefixAt: number | null,
  bounds: RecordBounds,
  only: Interpretation | null,
): { length: number | null; end: number; inferred: boolean } {
  if (bounds.end !== Infinity) {
    return { length: prefixAt === null ? null : bounds.end - bounds.start, end: bounds.captured, inferred: false };
  }
  // Behind a handshake there may be one more byte, readOnly.
  if (only?.end === 'whole' && only.candidate.ops[0] !== 'connect') {
    const length = only.position - bounds.start;
    const mask = data.mask.readInt32BE(prefixAt!);
    if ((length & mask) === data.bytes.readInt32BE(prefixAt!)) return { length, end: only.position, inferred: true };
  }
  return { length: null, end: bounds.captured, inferred: false };
}

function prefixField(data: MaskedBytes, at: number, length: number | null, inferred: boolean): AnnotatedField {
  return { ...restField(data, at, at + 4), name: 'len', type: 'length', value: length, inferred };
}

function maskNotes(readings: readonly Interpretation[], length: number | null, inferred: boolean): string[] {
  const notes: string[] = [];
  if (inferred) notes.push('Its length is masked; it is known from the fields.');
  if (readings.every(({ end }) => end === 'masked')) {
    notes.push('A masked length or type decides where the fields behind it are: they cannot be found.');
  }
  if (length === null && !inferred && readings.length > 1) notes.push('Too much of it is masked to say what it is.');
  return notes;
}

/** The fields in order of their place, and between and behind them what no field was found for. */
function withRests(data: MaskedBytes, fields: AnnotatedField[], start: number, end: number): AnnotatedField[] {
  fields.sort((a, b) => a.offset - b.offset);
  const result: AnnotatedField[] = [];
  let at = start;
  for (const field of fields) {
    if (field.offset > at) result.push(restField(data, at, field.offset));
    result.push(field);
    at = Math.max(at, field.offset + field.length);
  }
  if (at < end) result.push(restField(data, at, end));
  return result;
}
