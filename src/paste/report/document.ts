import type { Count, Integer, Ordinal } from '../../observations/values.js';
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
  /** number of a packet of this document */
  readonly packet: Ordinal;
  /** line of the input in which it begins */
  readonly line: Ordinal;
  /** ip:port as far as the paste tells, ? for a masked address */
  readonly source: string | null;
  readonly destination: string | null;
  /** in front of the payload, outermost first */
  readonly headers: readonly string[];
  /** of the TCP header */
  readonly flags: string | null;
  /** as the dump's own offset column counts; without one, from the first byte */
  readonly offset: Count;
  readonly bytes: Count;
  /** as the dump's own offset column counts */
  readonly payloadOffset: Count;
  readonly payloadLength: Count;
  /** bytes of payload that were on the wire and are not in the dump; null if not known */
  readonly missing: Count | null;
  /** wholly or partly unknown */
  readonly maskedBytes: Count;
  /** masked bytes whose value the text column had */
  readonly fromText: Count;
  /** brings no byte that packets before did not bring */
  readonly repeated: boolean;
}

export interface HexFieldEntry {
  /** number of a packet of this document */
  readonly packet: Ordinal;
  /** as the dump's own offset column counts */
  readonly offset: Count;
  /** bytes of it that are there */
  readonly length: Count;
  /** ZooKeeper's name with the way to it (stat.czxid); null for bytes that could not be decoded */
  readonly name: string | null;
  /** x for masked digits; null if hidden (payloads, credentials)
   * @pattern ^[0-9a-fx]*$ */
  readonly hex: string | null;
  /** null if unknown, hidden, or a buffer that is no printable ASCII; 64-bit ids and zxids are 0x… */
  readonly value: Integer | string | boolean | null;
  /** what is known of a string, ? for masked bytes, … where its end is missing */
  readonly partial: string | null;
  /** whether its bytes are */
  readonly known: 'known' | 'partly' | 'unknown';
  /** masked, but the only value with which the message has its length */
  readonly inferred: boolean;
  /** for people; may change */
  readonly meaning: string;
}

export interface HexMessageEntry {
  /** number of a packet of this document */
  readonly packet: Ordinal;
  /** as the dump's own offset column counts */
  readonly offset: Count;
  /** value of the length prefix; null if masked, missing, or there is none */
  readonly length: Count | null;
  /** bytes that are there, length prefix included */
  readonly captured: Count;
  /** bytes that are not; null if not known */
  readonly missing: Count | null;
  /** text: answer to a four-letter word; foreign: another protocol, named by op; null: more than one fits */
  readonly kind: AnnotatedMessage['kind'];
  /** ZooKeeper's OpCode name */
  readonly op: string | null;
  /** the message itself, the request with its xid, --op, or the only layout that fits */
  readonly opFrom: AnnotatedMessage['opFrom'];
  /** where op is null: those that fit; empty if any may */
  readonly possibleOps: readonly string[];
  /** for people; may change */
  readonly headline: string;
  /** for people; may change */
  readonly notes: readonly string[];
  /** in order; every byte of the message is in one of them */
  readonly fields: readonly HexFieldEntry[];
}

export interface HexUnreadEntry {
  /** number of a packet of this document */
  readonly packet: Ordinal;
  /** as the dump's own offset column counts */
  readonly offset: Count;
  readonly length: Ordinal;
}

/** What `zkscope hex --json` prints. Text of the paste stands in it as it is. */
export interface HexDocument {
  readonly schemaVersion: 1;
  readonly format: HexFormat;
  readonly packets: readonly HexPacketEntry[];
  readonly messages: readonly HexMessageEntry[];
  /** bytes that belong to no message that could be recognised */
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
