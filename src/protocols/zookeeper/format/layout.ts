import { typeFacts, type JuteField, type JuteType } from './fields.js';
import { operations, type Operation } from './operations.js';

/** Where a field stands in the output: plain values as the record has them, then these. */
const LATER: Partial<Record<JuteType, number>> = { flags: 1, acl: 2, requests: 3, results: 3, zxid: 4, stat: 5 };

const least = (fields: readonly JuteField[]): number =>
  fields.reduce((sum, { type, optional }) => sum + (optional ? 0 : typeFacts[type].least), 0);

/** A record's fields, and what follows from them. */
export class RecordLayout {
  /** Bytes of the shortest such record. */
  readonly least: number;
  /** How many fields are of variable length. */
  readonly variable: number;
  /** A body that fits it proves it: a path, or one field at most that could be of another length. */
  readonly telling: boolean;
  /** The record begins with a znode's path; and a boolean, whether to watch it, follows at once. */
  readonly hasPath: boolean;
  readonly hasWatch: boolean;
  /** Bytes from the create flags to the record's end; 0 where it has none. */
  readonly flagsFromEnd: number;
  /** It ends with a Stat. */
  readonly hasStat: boolean;
  /** It begins with names of znodes, the children (or ephemerals) that were asked for. */
  readonly hasChildren: boolean;
  /** The fields that the output has, in its order. */
  readonly printed: readonly JuteField[];

  constructor(readonly fields: readonly JuteField[]) {
    const [first, second] = fields;
    this.least = least(fields);
    this.variable = fields.filter(({ type }) => !typeFacts[type].fixed).length;
    this.hasPath = first?.type === 'path';
    this.hasWatch = this.hasPath && second?.name === 'watch';
    this.telling = this.hasPath || (this.variable < 2 && first?.type !== 'results');
    const flagsAt = fields.findIndex(({ type }) => type === 'flags');
    this.flagsFromEnd = flagsAt < 0 ? 0 : least(fields.slice(flagsAt));
    this.hasStat = fields.at(-1)?.type === 'stat';
    this.hasChildren = first?.type === 'ustrings' && first.as === 'children';
    this.printed = fields
      .filter(({ as, inside }) => as !== null && !inside)
      .sort((a, b) => (LATER[a.type] ?? 0) - (LATER[b.type] ?? 0));
  }
}

/** An operation with the layouts of its records. */
export class OperationLayout {
  readonly request: RecordLayout;
  readonly response: RecordLayout;
  readonly txn: RecordLayout | null;
  readonly keepsBody: boolean;

  constructor(
    readonly name: string,
    readonly operation: Operation,
  ) {
    this.request = new RecordLayout(operation.request);
    this.response = new RecordLayout(operation.response);
    this.txn = operation.txn === undefined ? null : new RecordLayout(operation.txn);
    this.keepsBody = operation.keepsBody === true;
  }
}

/** All of them, in the order of the table. */
export const layouts: readonly OperationLayout[] = Object.entries<Operation>(operations).map(
  ([name, operation]) => new OperationLayout(name, operation),
);

const byName = new Map(layouts.map((layout) => [layout.name, layout]));

/** A message that neither carries a header nor names its operation: ConnectRequest and ConnectResponse. */
export const CONNECT: OperationLayout = byName.get('connect')!;

const codes = layouts.map(({ operation }) => operation.code);
/** What is known by opcode lies in tables of `OPCODE_SPAN` places, the first for this one (closeSession's, -11); unknown opcodes may lie outside. */
export const LEAST_OPCODE = Math.min(...codes);
export const OPCODE_SPAN = Math.max(...codes) - LEAST_OPCODE + 1;

const byCode = new Array<OperationLayout | null>(OPCODE_SPAN).fill(null);
for (const layout of layouts) if (layout !== CONNECT) byCode[layout.operation.code - LEAST_OPCODE] = layout;

/** The operation with this number; null where no version up to 3.9 has one, and for 0: no request carries that. */
export function layoutOf(opcode: number): OperationLayout | null {
  const place = opcode - LEAST_OPCODE;
  return place >= 0 && place < OPCODE_SPAN ? byCode[place]! : null;
}

/** The operation that ZooKeeper calls so. */
export function layoutNamed(name: string): OperationLayout | undefined {
  return byName.get(name);
}

const NOTHING = new RecordLayout([]);

/** What stands behind the RequestHeader; nothing that could be known for an unknown opcode. */
export function requestLayout(opcode: number): RecordLayout {
  return layoutOf(opcode)?.request ?? NOTHING;
}

/** What stands behind the ReplyHeader of an answer without error. */
export function responseLayout(opcode: number): RecordLayout {
  return layoutOf(opcode)?.response ?? NOTHING;
}
