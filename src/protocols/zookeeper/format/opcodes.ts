/** OpCode numbers of ZooDefs, ZooKeeper 3.4 to 3.9, under ZooKeeper's names. */
export const OpCode = {
  connect: 0,
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  getACL: 6,
  setACL: 7,
  getChildren: 8,
  sync: 9,
  ping: 11,
  getChildren2: 12,
  check: 13,
  multi: 14,
  create2: 15,
  reconfig: 16,
  checkWatches: 17,
  removeWatches: 18,
  createContainer: 19,
  deleteContainer: 20,
  createTTL: 21,
  multiRead: 22,
  auth: 100,
  setWatches: 101,
  sasl: 102,
  getEphemerals: 103,
  getAllChildrenNumber: 104,
  setWatches2: 105,
  addWatch: 106,
  whoAmI: 107,
  createSession: -10,
  closeSession: -11,
} as const;

const names = new Map<number, string>(Object.entries(OpCode).map(([name, code]) => [code, name]));
/** The same, by opcode: each message asks for its name. -11 (closeSession) comes first. */
const FIRST = -11;
const table = Array.from({ length: 128 }, (_, i) => names.get(i + FIRST));
table[-FIRST] = 'notification';
const unknownNames = new Map<number, string>();

/** Whether any version up to 3.9 defines the opcode; 0 does not count, no request carries it. */
export function isOpcode(code: number): boolean {
  return code !== 0 && names.has(code);
}

/** ZooKeeper's name of an opcode, `unknown(N)` where no version defines it. */
export function opName(code: number): string {
  const place = code - FIRST;
  const name = place >= 0 && place < table.length ? table[place] : undefined;
  if (name !== undefined) return name;
  let unknown = unknownNames.get(code);
  if (unknown === undefined) {
    unknown = `unknown(${code})`;
    if (unknownNames.size < 1000) unknownNames.set(code, unknown);
  }
  return unknown;
}

/** Names of all operations that a request can ask for, for help texts and schemas. */
export const opNames: readonly string[] = Object.keys(OpCode);

/** xids that ZooKeeper reserves by habit (ClientCnxn): see WIRE facts, they are no proof of the operation. */
export const NOTIFICATION_XID = -1;
export const PING_XID = -2;
export const AUTH_XID = -4;
export const SET_WATCHES_XID = -8;

/** CreateMode by its flag value on the wire: an enumeration, not bits. */
export const createModes: readonly string[] = [
  'PERSISTENT',
  'EPHEMERAL',
  'PERSISTENT_SEQUENTIAL',
  'EPHEMERAL_SEQUENTIAL',
  'CONTAINER',
  'PERSISTENT_WITH_TTL',
  'PERSISTENT_SEQUENTIAL_WITH_TTL',
];

/** Whether create flags make an ephemeral znode. */
export function isEphemeral(flags: number): boolean {
  return flags === 1 || flags === 3;
}

/** Whether create flags make the server append a sequence number to the path. */
export function isSequential(flags: number): boolean {
  return flags === 2 || flags === 3 || flags === 6;
}

const eventTypes = new Map<number, string>([
  [-1, 'None'],
  [1, 'NodeCreated'],
  [2, 'NodeDeleted'],
  [3, 'NodeDataChanged'],
  [4, 'NodeChildrenChanged'],
  [5, 'DataWatchRemoved'],
  [6, 'ChildWatchRemoved'],
  [7, 'PersistentWatchRemoved'],
]);

export const EventType = {
  NodeCreated: 1,
  NodeDeleted: 2,
  NodeDataChanged: 3,
  NodeChildrenChanged: 4,
} as const;

/** Watcher.Event.EventType by its number on the wire, `unknown(N)` otherwise. */
export function eventTypeName(type: number): string {
  return eventTypes.get(type) ?? `unknown(${type})`;
}

const keeperStates = new Map<number, string>([
  [-112, 'Expired'],
  [-1, 'Unknown'],
  [0, 'Disconnected'],
  [1, 'NoSyncConnected'],
  [3, 'SyncConnected'],
  [4, 'AuthFailed'],
  [5, 'ConnectedReadOnly'],
  [6, 'SaslAuthenticated'],
  [7, 'Closed'],
]);

/** Watcher.Event.KeeperState by its number on the wire, `unknown(N)` otherwise. */
export function keeperStateName(state: number): string {
  return keeperStates.get(state) ?? `unknown(${state})`;
}

export const isEventType = (type: number): boolean => eventTypes.has(type);
export const isKeeperState = (state: number): boolean => keeperStates.has(state);

/** Watcher.WatcherType of checkWatches and removeWatches. */
export const watcherTypes: readonly string[] = ['', 'Children', 'Data', 'Any', 'Persistent', 'PersistentRecursive'];

/** AddWatchMode of addWatch. */
export const addWatchModes: readonly string[] = ['PERSISTENT', 'PERSISTENT_RECURSIVE'];
