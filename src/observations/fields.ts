import { defineFields, type Field, type FieldTable, type RecordOf } from '../protocols/field.js';
import { allProtocols } from '../protocols/registry.js';
import { journalMessageFields } from './journal/fields.js';
import { placeFields } from './placeFields.js';

export { placeFields };

const protocolNames = allProtocols()
  .map(({ name }) => name)
  .join(', ');

/** What every message has, whatever its protocol. */
export const messageFields = defineFields({
  ...placeFields,
  firstFrame: { type: 'count', required: true, text: 'number of the frame in which its first byte came' },
  protocol: { type: 'string', required: true, text: protocolNames },
  kind: {
    type: { oneOf: ['request', 'response', 'notification', 'message'] },
    required: true,
    text: 'message: neither asks nor answers, or its protocol does not say',
  },
  op: {
    type: 'string',
    nullable: true,
    required: true,
    text: "ZooKeeper's OpCode name, a packet type, an RPC …; an answer has its request's, null where that was not captured",
  },
  truncated: { type: 'flag', text: 'the capture holds only part of it: what could be decoded is given' },
  ...journalMessageFields,
});

/** Bytes of one direction that are missing, or that belong to no message. */
export const gapFields = defineFields({
  kind: { type: { oneOf: ['gap'] }, required: true, text: 'bytes that no message was made of' },
  ...placeFields,
  protocol: { type: 'string', nullable: true, text: 'as of messages' },
  direction: {
    type: { oneOf: ['request', 'response'] },
    required: true,
    text: 'request: to the server; response: to the client',
  },
  bytes: { type: 'count', unit: 'bytes', required: true, text: 'how many' },
  reason: {
    type: { oneOf: ['missing', 'skipped', 'foreign', 'encrypted'] },
    text: "missing: not in the capture; skipped: could not be aligned; foreign: another protocol's on this port, told once at the end; encrypted: TLS that no key opened, told at the end",
  },
  foreign: { type: 'string', text: 'what speaks on the port instead: TLS, HTTP, SSH, unknown' },
  encrypted: {
    type: { oneOf: ['no key', 'key does not fit', 'handshake not captured', 'cipher not supported'] },
    text: 'why TLS could not be read',
  },
  firstBytes: { type: 'string', text: 'of what is foreign to the server: its first bytes, at most 8, as hex' },
});

/** A kind of line of `zkscope decode --json`: what it tells, and its fields. */
export interface LineDefinition {
  readonly text: string;
  readonly fields: FieldTable;
}

/**
 * The lines other than messages, by their `kind`. A new kind of line is declared here, and nowhere else: schema, types and
 * docs follow.
 */
export const otherLines = {
  gap: { text: 'Bytes that are lost to the capture, or that no message could be made of.', fields: gapFields },
} as const satisfies Readonly<Record<string, LineDefinition>>;

/** A declared field, and the protocols whose messages have it so (`null`: all of them). */
export interface DeclaredField {
  readonly name: string;
  readonly field: Field;
  readonly protocol: string | null;
}

/** All declarations of messages' fields in the order in which they are printed and told: common ones, then by protocol. */
export function declaredFields(): DeclaredField[] {
  const declared = (table: FieldTable, protocol: string | null): DeclaredField[] =>
    Object.entries(table).map(([name, field]) => ({ name, field, protocol }));
  return [...declared(messageFields, null), ...allProtocols().flatMap(({ name, fields }) => declared(fields, name))];
}

type ProtocolTables = ReturnType<typeof allProtocols>[number]['fields'];
type NamesIn<Tables> = Tables extends unknown ? keyof Tables : never;
/** Where several protocols have a field of one name, it is what any of them makes it. */
type ValueIn<Tables, Name> = Tables extends FieldTable
  ? Name extends keyof RecordOf<Tables>
    ? RecordOf<Tables>[Name]
    : never
  : never;

/** A line of `zkscope decode --json` about a message. */
export type MessageLine = RecordOf<typeof messageFields> & {
  readonly [Name in NamesIn<ProtocolTables>]?: ValueIn<ProtocolTables, Name>;
};

/** A line about bytes that are missing. */
export type GapLine = RecordOf<typeof gapFields>;
