import { LEAST_OPCODE, OPCODE_SPAN, layoutOf, layouts } from './layout.js';
import { operations, type Operation, type OperationName } from './operations.js';

type OpCodes = { readonly [N in OperationName]: (typeof operations)[N]['code'] };

/** OpCode numbers of ZooDefs, ZooKeeper 3.4 to 3.9, under ZooKeeper's names. */
export const OpCode = Object.fromEntries(
  Object.entries(operations).map(([name, { code }]) => [name, code]),
) as unknown as OpCodes;

/** Names, as each message asks for its own. */
const table = Array.from({ length: OPCODE_SPAN }, (_, i) => layoutOf(i + LEAST_OPCODE)?.name);
table[-LEAST_OPCODE] = 'notification';
const unknownNames = new Map<number, string>();

/** Whether any version up to 3.9 defines the opcode; 0 does not count, no request carries it. */
export function isOpcode(code: number): boolean {
  return layoutOf(code) !== null;
}

/** ZooKeeper's name of an opcode, `unknown(N)` where no version defines it. */
export function opName(code: number): string {
  const place = code - LEAST_OPCODE;
  const name = place >= 0 && place < table.length ? table[place] : undefined;
  if (name !== undefined) return name;
  let unknown = unknownNames.get(code);
  if (unknown === undefined) {
    unknown = `unknown(${code})`;
    if (unknownNames.size < 1000) unknownNames.set(code, unknown);
  }
  return unknown;
}

/** Whether an operation takes a zxid of its own: it changes znodes, or may. */
export function isWrite(code: number): boolean {
  return layoutOf(code)?.operation.kind === 'write';
}

/** Opcodes of all operations of a kind. */
export function opcodesOf(kind: Operation['kind']): ReadonlySet<number> {
  return new Set(layouts.filter(({ operation }) => operation.kind === kind).map(({ operation }) => operation.code));
}

/** Reads of a znode or of its children that may set a watch. */
export const watchingReads: ReadonlySet<number> = new Set(
  layouts.filter(({ request }) => request.hasWatch).map(({ operation }) => operation.code),
);

const creates: ReadonlySet<string> = new Set(
  layouts.filter(({ request }) => request.flagsFromEnd > 0).map(({ name }) => name),
);

/** Whether ZooKeeper's operation of this name creates a znode: its request has create flags. */
export function isCreate(op: string): boolean {
  return creates.has(op);
}

/** Names of all operations that a request can ask for, for help texts and schemas. */
export const opNames: readonly string[] = Object.keys(OpCode);

/** xids that ZooKeeper reserves by habit (ClientCnxn): see WIRE facts, they are no proof of the operation. */
export const NOTIFICATION_XID = -1;
export const PING_XID = -2;
export const AUTH_XID = -4;
export const SET_WATCHES_XID = -8;
