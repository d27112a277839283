import type { Acl, Range } from './cursor.js';
import { addWatchModes, createModes, watcherTypes } from './enums.js';
import type { Names } from '../../numberNames.js';
import type { Stat } from './stat.js';
import type { ClientInfo, MultiOp } from './records.js';

/** What a decoded body holds for a field of each type. The output shows zxids and what a multi holds in a form of its own. */
export interface JuteValues {
  int: number;
  /** 64 bits as a double: exact within ±2^53. */
  long: number;
  /** 64 bits as text, as `decimal` shows it. */
  decimal: string;
  zxid: number;
  /** 64 bits as `0x…`. */
  id: string;
  boolean: boolean;
  /** An int that is told by its name. */
  named: string;
  /** An int that is told by its number and its name (`mode`). */
  flags: number;
  /** The path of a znode. */
  path: string;
  ustring: string;
  /** The bytes are passed over: the body has their place (`dataAt`) and their number (`dataLength`, -1 for null). */
  buffer: never;
  stat: Stat;
  acl: Acl[];
  ustrings: string[];
  clientInfo: ClientInfo[];
  /** Of a multi: operations, each behind its MultiHeader; and their results. */
  requests: MultiOp[];
  results: MultiOp[];
}

export type JuteType = keyof JuteValues;

interface TypeFacts {
  /** The type in zookeeper.jute. */
  readonly jute: string;
  /** Bytes of the shortest value that a record has. */
  readonly least: number;
  /** Whether all values have that many. */
  readonly fixed: boolean;
  /** Bytes of a vector's shortest element. */
  readonly element?: number;
}

const fixed = (jute: string, least: number): TypeFacts => ({ jute, least, fixed: true });
const variable = (jute: string, least = 4): TypeFacts => ({ jute, least, fixed: false });
const vector = (of: string, element: number): TypeFacts => ({ ...variable(`vector<${of}>`), element });

export const typeFacts: Readonly<Record<JuteType, TypeFacts>> = {
  int: fixed('int', 4),
  named: fixed('int', 4),
  flags: fixed('int', 4),
  long: fixed('long', 8),
  decimal: fixed('long', 8),
  zxid: fixed('long', 8),
  id: fixed('long', 8),
  boolean: fixed('boolean', 1),
  stat: fixed('Stat', 68),
  path: variable('ustring', 5),
  ustring: variable('ustring'),
  buffer: variable('buffer'),
  // No path and no name of a child is empty.
  ustrings: vector('ustring', 5),
  acl: vector('ACL', 12),
  clientInfo: vector('ClientInfo', 8),
  requests: variable('MultiHeader and request, repeated', 9),
  results: variable('MultiHeader and result, repeated', 9),
};

/** One field of a record. */
export interface JuteField<
  N extends string = string,
  T extends JuteType = JuteType,
  A extends string | null = string | null,
> {
  /** In zookeeper.jute. */
  readonly name: N;
  readonly type: T;
  /** In the decoded body and in the output; null for what neither has. */
  readonly as: A;
  /** Names of its values. */
  readonly names: Names | null;
  /** Smallest and largest value that clients and servers send. */
  readonly range: Range | null;
  /** The last of its record, and only there where the record has bytes left. */
  readonly optional: boolean;
  /** Gives access: never shown. */
  readonly secret: boolean;
  /** In the body but not in the output. */
  readonly inside: boolean;
}

type More = Partial<Pick<JuteField, 'names' | 'range' | 'optional' | 'secret' | 'inside'>>;

function rangeOf(names: Names): Range {
  return [Math.min(...names.keys()), Math.max(...names.keys())];
}

/** @param as its name in the output, where that is not ZooKeeper's own */
export function field<const N extends string, const T extends JuteType, const A extends string | null = N>(
  name: N,
  type: T,
  as: A = name as unknown as A,
  { names = null, range = names === null ? null : rangeOf(names), ...more }: More = {},
): JuteField<N, T, A> {
  return { name, type, as, names, range, optional: false, secret: false, inside: false, ...more };
}

const NOT_NEGATIVE: Range = [0, 0x7fffffff];
const secret = <const N extends string>(name: N): JuteField<N, 'buffer', null> =>
  field(name, 'buffer', null, { secret: true });

// Fields that several records have.
export const path = field('path', 'path');
export const watch = field('watch', 'boolean');
export const data = field('data', 'buffer');
export const acl = field('acl', 'acl');
export const flags = field('flags', 'flags', 'flags', { names: createModes });
export const ttl = field('ttl', 'long');
export const stat = field('stat', 'stat');
export const znodeVersion = field('version', 'int');
export const children = field('children', 'ustrings');
export const watcherType = field('type', 'named', 'watcherType', { names: watcherTypes });
export const mode = field('mode', 'named', 'watchMode', { names: addWatchModes });
export const relativeZxid = field('relativeZxid', 'zxid');
export const dataWatches = field('dataWatches', 'ustrings');
export const existWatches = field('existWatches', 'ustrings');
export const childWatches = field('childWatches', 'ustrings');
export const protocolVersion = field('protocolVersion', 'int', 'protocolVersion', { range: [0, 0], inside: true });
export const timeOut = field('timeOut', 'int', 'timeout', { range: NOT_NEGATIVE });
export const sessionId = field('sessionId', 'id', 'sessionId', { inside: true });
export const passwd = secret('passwd');
export const readOnly = field('readOnly', 'boolean', 'readOnly', { optional: true });
export const authType = field('type', 'int', null, { range: [0, 0] });
export const authToken = secret('auth');
export const saslToken = secret('token');
export const totalNumber = field('totalNumber', 'int', 'totalNumber', { range: NOT_NEGATIVE });
