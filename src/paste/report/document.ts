import type { HexFormat } from '../dump/hexDump.js';
import { pastedEndText, type PastedPacket } from '../packet.js';
import { placeInPaste, type PastedRun } from '../stream.js';
import type { AnnotatedRun } from '../explain/annotate.js';
import { headline } from '../explain/headline.js';
import { isCredential, meaningOf } from '../explain/meaning.js';
import type { AnnotatedMessage } from '../explain/message.js';
import type { AnnotatedField } from '../explain/reader.js';
import { aclFields } from '../../protocols/zookeeper/output.js';

/** A pasted dump, read. Offsets are those of the dump where it has any, otherwise indexes of its bytes. */
export interface HexReading {
  /** How the bytes were written (in the first of several files). */
  readonly format: HexFormat;
  readonly packets: readonly PastedPacket[];
  readonly repeated: ReadonlySet<number>;
  /** Runs of payload, and what was found in each. */
  readonly runs: readonly PastedRun[];
  readonly annotated: readonly AnnotatedRun[];
}

export interface HexPacketEntry {
  readonly packet: number;
  readonly line: number;
  readonly source: string | null;
  readonly destination: string | null;
  readonly headers: readonly string[];
  readonly flags: string | null;
  readonly offset: number;
  readonly bytes: number;
  readonly payloadOffset: number;
  readonly payloadLength: number;
  /** Payload bytes that were on the wire and are not in the dump; null if not known. */
  readonly missing: number | null;
  readonly maskedBytes: number;
  readonly fromText: number;
  readonly repeated: boolean;
}

export interface HexFieldEntry {
  readonly packet: number;
  readonly offset: number;
  readonly length: number;
  readonly name: string | null;
  /** Hexadecimal digits, `x` for unknown ones; null where they are not shown (payloads, credentials). */
  readonly hex: string | null;
  readonly value: number | string | boolean | null;
  readonly partial: string | null;
  readonly known: 'known' | 'partly' | 'unknown';
  readonly inferred: boolean;
  readonly meaning: string;
}

export interface HexMessageEntry {
  readonly packet: number;
  readonly offset: number;
  readonly length: number | null;
  readonly captured: number;
  readonly missing: number | null;
  readonly kind: string | null;
  readonly op: string | null;
  readonly opFrom: string | null;
  readonly possibleOps: readonly string[];
  readonly headline: string;
  readonly notes: readonly string[];
  readonly fields: readonly HexFieldEntry[];
}

export interface HexUnreadEntry {
  readonly packet: number;
  readonly offset: number;
  readonly length: number;
}

/** What `zkscope hex --json` prints. Text of the paste stands in it as it is. */
export interface HexDocument {
  readonly schemaVersion: 1;
  readonly format: string;
  readonly packets: readonly HexPacketEntry[];
  readonly messages: readonly HexMessageEntry[];
  readonly unread: readonly HexUnreadEntry[];
}

export interface HexReportOptions {
  /** Show payload bytes. Credentials are never shown. */
  readonly data: boolean;
}

export function hexDocument(reading: HexReading, options: HexReportOptions): HexDocument {
  const messages: HexMessageEntry[] = [];
  const unread: HexUnreadEntry[] = [];
  reading.runs.forEach((run, i) => {
    const { messages: found, unread: others } = reading.annotated[i]!;
    for (const message of found) messages.push(messageEntry(message, run, options));
    for (const { offset, length } of others) unread.push({ ...place(run, offset), length });
  });
  const order = (a: HexUnreadEntry | HexMessageEntry, b: HexUnreadEntry | HexMessageEntry): number =>
    a.packet - b.packet || a.offset - b.offset;
  return {
    schemaVersion: 1,
    format: reading.format,
    packets: reading.packets.map((packet) => packetEntry(packet, reading.repeated.has(packet.number))),
    messages: messages.sort(order),
    unread: unread.sort(order),
  };
}

function place(run: PastedRun, index: number): { packet: number; offset: number } {
  const { packet, offset } = placeInPaste(run, index);
  return { packet: packet.number, offset };
}

function packetEntry(pasted: PastedPacket, repeated: boolean): HexPacketEntry {
  const { packet, start, end, wireLength } = pasted;
  const offset = packet.offset ?? 0;
  return {
    packet: pasted.number,
    line: packet.line,
    source: pastedEndText(pasted.source),
    destination: pastedEndText(pasted.destination),
    headers: pasted.headers,
    flags: pasted.flags,
    offset,
    bytes: packet.data.length,
    payloadOffset: offset + start,
    payloadLength: end - start,
    missing: wireLength === null ? null : Math.max(0, wireLength - (end - start)),
    maskedBytes: packet.data.maskedCount,
    fromText: packet.fromText,
    repeated,
  };
}

function messageEntry(message: AnnotatedMessage, run: PastedRun, options: HexReportOptions): HexMessageEntry {
  return {
    ...place(run, message.offset),
    length: message.length,
    captured: message.end - message.offset,
    missing: message.missing,
    kind: message.kind,
    op: message.op,
    opFrom: message.opFrom,
    possibleOps: message.possibleOps,
    headline: headline(message),
    notes: message.notes,
    fields: message.fields.map((field, i) => fieldEntry(field, message, run, options, message.fields[i - 2])),
  };
}

/** @param beforeLast field before the length in front of this one: of an ACL's id, the scheme */
function fieldEntry(
  field: AnnotatedField,
  message: AnnotatedMessage,
  run: PastedRun,
  options: HexReportOptions,
  beforeLast: AnnotatedField | undefined,
): HexFieldEntry {
  const hidden = isHidden(field, message, options.data);
  const entry = {
    ...place(run, field.offset),
    length: field.length,
    name: field.name === '' ? null : field.name,
    hex: hidden ? null : run.data.hex(field.offset, field.offset + field.length),
    value: hidden ? null : field.type === 'buffer' ? bufferText(field, run) : field.value,
    partial: hidden ? null : field.partial,
    known: field.known,
    inferred: field.inferred,
    meaning: meaningOf(field, message),
  };
  if (field.name.endsWith('.id.id')) return withoutSecretId(entry, beforeLast);
  if (hidden && field.type === 'rest')
    return { ...entry, meaning: [entry.meaning, 'not decoded'].filter(Boolean).join('; ') };
  return entry;
}

function isHidden(field: AnnotatedField, message: AnnotatedMessage, data: boolean): boolean {
  // Elements that are not listed may have credentials among them.
  if (isCredential(field.name) || field.type === 'elements') return true;
  if (field.type === 'rest' && message.kind !== 'foreign') {
    const secret = ['connect', 'auth', 'sasl', 'createSession'];
    return (
      !data || message.kind === null || [message.op ?? '', ...message.possibleOps].some((op) => secret.includes(op))
    );
  }
  return !data && (field.type === 'buffer' || message.kind === 'foreign');
}

/** Payload as text where all of it is printable ASCII, otherwise null: `hex` has it. */
function bufferText({ offset, length, known }: AnnotatedField, run: PastedRun): string | null {
  if (known !== 'known') return null;
  const text = run.data.bytes.toString('latin1', offset, offset + length);
  return /^[\t\n\r -~]*$/.test(text) ? text : null;
}

/** The ids of some schemes are credentials, or hashes of them. */
function withoutSecretId(entry: HexFieldEntry, scheme: AnnotatedField | undefined): HexFieldEntry {
  if (typeof entry.value === 'string' && typeof scheme?.value === 'string') {
    const shown = String(aclFields([{ perms: 0, scheme: scheme.value, id: entry.value }])[0]!['id']);
    return shown === entry.value ? entry : { ...entry, hex: null, value: shown, meaning: 'credential: not shown' };
  }
  return { ...entry, hex: null, value: null, partial: null };
}
