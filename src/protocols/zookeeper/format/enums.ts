import { counted, nameIn, type Names } from '../../numberNames.js';

/** CreateMode, in the order of its flag values. */
export const CREATE_MODES = [
  'PERSISTENT',
  'EPHEMERAL',
  'PERSISTENT_SEQUENTIAL',
  'EPHEMERAL_SEQUENTIAL',
  'CONTAINER',
  'PERSISTENT_WITH_TTL',
  'PERSISTENT_SEQUENTIAL_WITH_TTL',
] as const;

/** CreateMode by its flag value on the wire: an enumeration, not bits. */
export const createModes = counted(0, ...CREATE_MODES);

/** Watcher.WatcherType of checkWatches and removeWatches. */
export const watcherTypes = counted(1, 'Children', 'Data', 'Any', 'Persistent', 'PersistentRecursive');

/** AddWatchMode of addWatch. */
export const addWatchModes = counted(0, 'PERSISTENT', 'PERSISTENT_RECURSIVE');

/** Watcher.Event.EventType. */
export const eventTypes: Names = new Map([
  [-1, 'None'],
  [1, 'NodeCreated'],
  [2, 'NodeDeleted'],
  [3, 'NodeDataChanged'],
  [4, 'NodeChildrenChanged'],
  [5, 'DataWatchRemoved'],
  [6, 'ChildWatchRemoved'],
  [7, 'PersistentWatchRemoved'],
]);

/** Watcher.Event.KeeperState. */
export const keeperStates: Names = new Map([
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

export const EventType = {
  NodeCreated: 1,
  NodeDeleted: 2,
  NodeDataChanged: 3,
  NodeChildrenChanged: 4,
} as const;

/** Watcher.Event.EventType by its number on the wire, `unknown(N)` otherwise. */
export const eventTypeName = (type: number): string => nameIn(eventTypes, type);

/** Watcher.Event.KeeperState by its number on the wire, `unknown(N)` otherwise. */
export const keeperStateName = (state: number): string => nameIn(keeperStates, state);

/** Whether create flags make an ephemeral znode. */
export function isEphemeral(flags: number): boolean {
  return flags === 1 || flags === 3;
}

/** Whether create flags make the server append a sequence number to the path. */
export function isSequential(flags: number): boolean {
  return flags === 2 || flags === 3 || flags === 6;
}
