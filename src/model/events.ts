import type { Moment } from '../observations/connectionFacts.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../protocols/zookeeper/message.js';
import type { Stat } from '../protocols/zookeeper/format/stat.js';
import type { ClientConnection } from './knowledge/clientConnection.js';
import type { Session } from './knowledge/session.js';
import type { Cause, ChangeKind } from './knowledge/znode.js';

/** Where something was seen, and the zxid that it is known for: -1 for none. */
export interface Seen extends Moment {
  readonly zxid: number;
}

/** What an answer told, or proves to have been done, as the model tells it to its listeners. Valid during the call only.
 * The moment is the answer's; the zxid its header's, of a write that of its transaction. */
interface Answered extends Seen {
  readonly path: string;
  readonly session: Session;
  readonly connection: ClientConnection;
}

/** A znode was created, deleted, or given other data or another ACL: proved by the answer to what did it. */
export interface ZnodeChange extends Answered {
  readonly kind: ChangeKind;
  /** `request`: it was asked for; otherwise `session` owned it and is gone. */
  readonly cause: Cause;
  /** Null for an expired session's znodes: no request took them away. */
  readonly request: ZooKeeperRequest | null;
  /** Create: flags 0 to 6; otherwise 0. */
  readonly flags: number;
  /** As it is behind the change; null where the answer has none, or it was not captured. */
  readonly stat: Stat | null;
}

/** exists, getData or getACL was answered: with the znode, or with NoNode. */
export interface DataRead extends Answered {
  readonly request: ZooKeeperRequest;
  /** False: NoNode. */
  readonly there: boolean;
  readonly stat: Stat | null;
}

/** getChildren or getChildren2 was answered: with names, or with NoNode. */
export interface ListAnswer extends Answered {
  readonly request: ZooKeeperRequest;
  readonly there: boolean;
  /** Null where they were not captured. */
  readonly names: readonly string[] | null;
  /** Of getChildren2. */
  readonly stat: Stat | null;
}

/** Any other request about a path was answered with an error; of a multi that failed, once for each of its paths. */
export interface RefusedAnswer extends Answered {
  readonly request: ZooKeeperRequest;
  /** ZooKeeper's error code, of a multi that of its operations on the path. */
  readonly err: number;
  /** What it says about the znode: there (NodeExists), not there (NoNode), or nothing: null. */
  readonly there: boolean | null;
}

/** An answer with its request, as the model takes it in. Valid during the call only. */
export interface AnsweredRequest {
  readonly m: ZooKeeperMessage;
  readonly request: ZooKeeperRequest;
  readonly session: Session;
  readonly connection: ClientConnection;
}

/** What the events of one answer have in common. */
export function answered({ m, session, connection }: AnsweredRequest, path: string): Answered {
  return { path, session, connection, frame: m.frame, time: m.time, zxid: m.zxid };
}
