import type { ConnectionFacts } from '../../../observations/connectionFacts.js';
import type { WatchKind } from '../../knowledge/view.js';
import type { Cause, ChangeKind } from '../../knowledge/znode.js';
import { isCreate } from '../../../protocols/zookeeper/format/opcodes.js';

/** Who did something, as far as the capture shows it. */
export interface Actor {
  /** Session id, null where its handshake was not captured. */
  readonly session: string | null;
  /** `ip:port`. */
  readonly client: string;
}

/** How a change is known: from the answer to the request that made it, or only from a Stat or a list that shows it. */
export type KnownFrom = 'answer' | 'stat' | 'list' | 'notification';

/** One change of a znode, or of its list of children. */
export interface PathChange {
  readonly kind: ChangeKind;
  /** Name of the child that came or went; null for a change of the znode itself. */
  readonly child: string | null;
  readonly cause: Cause;
  readonly knownFrom: KnownFrom;
  /** The transaction, exact where `exact`; otherwise it came after `after` and not later than `zxid`. */
  readonly zxid: number;
  readonly exact: boolean;
  readonly after: number;
  /** The first frame that proves it, and its time. */
  frame: number;
  time: number;
  readonly by: Actor | null;
  /** `version` of the data behind the change, where it is known. */
  readonly version: number | null;
  readonly ephemeral: boolean | null;
}

/** A write of the path that was refused, or a read that found nothing. */
export interface PathRefusal {
  readonly op: string;
  readonly error: string;
  readonly frame: number;
  readonly time: number;
  readonly zxid: number;
  readonly by: Actor;
  /** How many times in a row it was answered so. */
  count: number;
}

/** A list of children as a server gave it. */
export interface ListSnapshot {
  readonly names: readonly string[];
  /** zxids of the first and the latest reply that gave it. */
  readonly zxid: number;
  lastZxid: number;
  /** From the Stat; -1 where there was none (getChildren). */
  readonly pzxid: number;
  readonly cversion: number;
  readonly frame: number;
  readonly time: number;
  /** Its place among the changes: the zxid of the last change that it shows. Set by the timeline. */
  position: number;
}

/** One answered read, or several in a row that gave the same. */
export interface PathReading {
  readonly op: string;
  readonly watch: boolean;
  readonly requestFrame: number;
  readonly requestTime: number;
  readonly frame: number;
  readonly time: number;
  readonly zxid: number;
  readonly err: number;
  /** Of a list; null where it was too much to keep. */
  list: ListSnapshot | null;
  /** Of data: mzxid and version, -1 where there is no Stat. */
  readonly mzxid: number;
  readonly version: number;
  readonly server: string;
  count: number;
  lastFrame: number;
  lastTime: number;
  /** Children of the list whose data (or own lists) the session asked for before its next read of the list. */
  fetched: Set<string> | null;
}

/** Whether a reading is what the session wrote itself: it knows that, but did not ask. */
export const isOwnWrite = ({ op }: PathReading): boolean => op === 'setData' || isCreate(op);

/** A notification of the path that was sent to a session. */
export interface Told {
  readonly eventType: number;
  readonly frame: number;
  readonly time: number;
  readonly connection: ConnectionFacts;
  /** Its end in the stream to the client. */
  readonly streamEnd: number;
}

/** A watch was set again without a read (setWatches, addWatch). */
export interface WatchSet {
  readonly kind: WatchKind;
  readonly op: string;
  readonly frame: number;
  readonly time: number;
}

/** Whether the client's TCP acknowledged a notification. */
export function wasDelivered(told: Told): boolean {
  return told.connection.toClient.acked >= told.streamEnd;
}
