import { plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import { BARE } from '../../report/text/bareTable.js';
import { printable } from '../../report/text/escape.js';
import type { HexDocument, HexFieldEntry, HexMessageEntry, HexPacketEntry } from './document.js';
import { wrap } from '../../report/text/wrap.js';

export interface HexTextOptions {
  readonly colour: ChalkInstance;
  /** Columns of the terminal. */
  readonly width: number;
}

/** Bytes of a field, and characters of a value, that a row shows. */
const MOST_BYTES = 8;
const LONGEST_VALUE = 64;
const LONGEST_NAME = 32;
/** Operations that are listed where it is not known which. */
const MOST_OPS = 9;

/** Messages of a pasted dump as text: for each what it is, and its fields as a table. */
export function hexText(document: HexDocument, { colour, width }: HexTextOptions): string {
  const parts: string[] = [];
  const messages = byPacket(document.messages);
  const unread = byPacket(document.unread);
  const severalPackets = document.packets.length > 1;
  let number = 0;
  let acknowledgements = 0;
  for (const packet of document.packets) {
    if (packet.payloadLength === 0 && packet.flags === 'ACK' && severalPackets) {
      acknowledgements++;
      continue;
    }
    const own = messages.get(packet.packet) ?? [];
    const line = packetLine(packet, severalPackets, own.length);
    if (line !== '') parts.push(colour.dim(wrap(printable(line), width)));
    const entries = [...own, ...(unread.get(packet.packet) ?? [])].sort((one, other) => one.offset - other.offset);
    for (const entry of entries) {
      if ('headline' in entry) {
        number++;
        parts.push(messageText(entry, document.messages.length > 1 ? `${number}. ` : '', colour, width));
      } else {
        const bytes = `${plural(entry.length, 'byte')} from ${place(entry.offset)} on`;
        parts.push(colour.yellow(`${bytes} belong to no message that can be recognised`));
      }
    }
  }
  if (acknowledgements > 0) {
    parts.push(colour.dim(`${plural(acknowledgements, 'packet')} without payload (acknowledgements) not listed`));
  }
  return `${parts.join('\n\n')}\n`;
}

function byPacket<T extends { readonly packet: number }>(entries: readonly T[]): Map<number, T[]> {
  const result = new Map<number, T[]>();
  for (const entry of entries) {
    const list = result.get(entry.packet);
    if (list === undefined) result.set(entry.packet, [entry]);
    else list.push(entry);
  }
  return result;
}

/** Where a packet came from and went, and what is special about it; empty where there is nothing to say. */
function packetLine(packet: HexPacketEntry, numbered: boolean, messages: number): string {
  const parts: string[] = [];
  if (packet.source !== null || packet.destination !== null) {
    parts.push(`${packet.source ?? '?'} → ${packet.destination ?? '?'}`);
  }
  if (packet.headers.length > 0) parts.push(`${packet.headers.join(', ')} headers`);
  if (packet.flags !== null && packet.flags !== '' && packet.flags !== 'ACK') parts.push(packet.flags);
  if (packet.headers.length > 0 || packet.offset > 0) {
    parts.push(
      packet.payloadLength === 0
        ? 'no payload'
        : `payload ${plural(packet.payloadLength, 'byte')} from ${place(packet.payloadOffset)}`,
    );
  }
  if (packet.missing !== null && packet.missing > 0)
    parts.push(`${plural(packet.missing, 'byte')} more were not captured`);
  if (packet.maskedBytes > 0) parts.push(`${plural(packet.maskedBytes, 'byte')} masked`);
  if (packet.fromText > 0) parts.push(`${plural(packet.fromText, 'masked byte')} taken from the text column`);
  if (packet.repeated) parts.push('repeats bytes of a packet before');
  else if (numbered && messages === 0 && packet.payloadLength > 0)
    parts.push('goes on with a message that began before');
  if (!numbered && parts.length === 0) return '';
  return `${numbered ? `Packet ${packet.packet} (line ${packet.line})` : 'Packet'}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** `0x0042 (66)` */
function place(offset: number): string {
  return `0x${offset.toString(16).padStart(4, '0')} (${offset})`;
}

function messageText(message: HexMessageEntry, number: string, colour: ChalkInstance, width: number): string {
  const lines = [colour.bold(wrap(printable(`${number}${message.headline}`), width))];
  for (const note of noteLines(message)) lines.push(colour.yellow(wrap(printable(note), width, '  ')));
  if (message.fields.length > 0) lines.push(fieldTable(message, colour));
  return lines.join('\n');
}

function noteLines(message: HexMessageEntry): string[] {
  const notes: string[] = [];
  if (message.missing !== null && message.missing > 0) {
    const whole = message.captured + message.missing;
    notes.push(
      `Incomplete: ${message.captured} of its ${plural(whole, 'byte')} are in the dump, ${message.missing} not.`,
    );
  }
  if (message.opFrom === 'request') notes.push(`That it answers ${message.op} is known from the request with its xid.`);
  if (message.opFrom === 'option') notes.push(`That it answers ${message.op} was given with --op.`);
  if (message.opFrom === 'layout')
    notes.push(`That it answers ${message.op} is inferred: no other answer has fields of these lengths.`);
  if (message.op === null && message.kind === 'response' && message.possibleOps.length > 0) {
    const { possibleOps } = message;
    notes.push(
      possibleOps.length > MOST_OPS
        ? 'What it answers cannot be seen from it; --op NAME says it.'
        : `By its lengths it may answer ${possibleOps.join(', ')}; --op NAME says which.`,
    );
  }
  return [...notes, ...message.notes];
}

function fieldTable(message: HexMessageEntry, colour: ChalkInstance): string {
  const head = ['offset', 'length', 'field', 'bytes', 'value', 'meaning'];
  const table = new Table({
    head,
    chars: { ...BARE, left: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colAligns: ['left', 'right', 'left', 'left', 'left', 'left'],
  });
  for (const field of message.fields) table.push(fieldRow(field, message.packet, colour));
  const [first = '', ...rest] = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return [colour.dim(first), ...rest].join('\n');
}

function fieldRow(field: HexFieldEntry, packet: number, colour: ChalkInstance): string[] {
  const at = place(field.offset) + (field.packet === packet ? '' : ` of packet ${field.packet}`);
  const unknown = field.known !== 'known' && !field.inferred;
  const meaning = printable(field.meaning);
  return [
    colour.dim(at),
    String(field.length),
    field.name === null ? colour.dim('(rest)') : shortened(printable(field.name), LONGEST_NAME),
    colour.dim(bytesText(field)),
    valueText(field, colour),
    unknown ? colour.yellow(meaning) : meaning,
  ];
}

function bytesText({ hex, length }: HexFieldEntry): string {
  if (hex === null) return length === 0 ? '' : '(hidden)';
  return length > MOST_BYTES ? `${hex.slice(0, MOST_BYTES * 2)}…` : hex;
}

function valueText(field: HexFieldEntry, colour: ChalkInstance): string {
  const { value, partial, known, name } = field;
  if (value !== null) return shortened(printable(String(value)));
  if (partial !== null && known === 'partly') return colour.yellow(shortened(printable(partial)));
  if (field.hex === null && known === 'known') return colour.dim(name === null ? 'shown with --data' : dataHint(field));
  return known === 'known' ? '' : colour.yellow('unknown');
}

function dataHint({ name, meaning }: HexFieldEntry): string {
  return name === null || /not (?:shown|listed)/.test(meaning) ? '' : 'shown with --data';
}

function shortened(text: string, longest = LONGEST_VALUE): string {
  return text.length > longest ? `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…` : text;
}
