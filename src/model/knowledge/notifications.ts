import type { ZooKeeperMessage, ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { EventType } from '../../protocols/zookeeper/format/enums.js';
import type { ClientConnection } from './clientConnection.js';
import type { Model } from '../model.js';
import type { Session } from './session.js';
import { Fired, type View, type Watch } from './view.js';
import { updateWindow } from './watches.js';
import { parentOf } from './znode.js';
import { isCreate } from '../../protocols/zookeeper/format/opcodes.js';

/** The server sent an event: the watch that it matches is used up, unless it is a persistent one. */
export function notificationSeen(
  model: Model,
  m: ZooKeeperMessage,
  path: string,
  session: Session,
  connection: ClientConnection,
): View | null {
  const type = m.eventType;
  if (type < EventType.NodeCreated || type > EventType.NodeChildrenChanged) return null;
  const znode = model.znodes.find(path);
  if (type === EventType.NodeDeleted) {
    if (znode?.exists !== false) {
      model.znodes.deleted(path, 'unknown', m.zxid, m.time, m.frame, null);
      // The parent learns it from lists only: without a zxid the deletion has no place in its order.
    }
  } else if (type === EventType.NodeCreated) znode?.setExists(true, m.zxid, m.time);
  if (session.recursiveWatches > 0 && underRecursive(session, path) && session.views.get(path) === undefined)
    return null;
  const view = model.view(session, path);
  view.notifications++;
  const own = changesItself(connection, path, type);
  // A persistent watch on the path or a recursive one above it goes on announcing.
  const persistent = view.holdsPersistent(connection) || underRecursive(session, path);
  // NodeDeleted takes both kinds of watches with it. If none was known, a data watch is the usual one.
  const child = type === EventType.NodeChildrenChanged || (type === EventType.NodeDeleted && view.childWatch !== null);
  const data = type !== EventType.NodeChildrenChanged && (view.dataWatch !== null || !child);
  if (child) {
    view.childFired = persistent ? null : fired(m, connection, view.childWatch, own);
    view.childWatch = null;
    view.everChild = true;
    view.await(null);
    updateWindow(view);
  }
  if (data) {
    view.dataFired = persistent ? null : fired(m, connection, view.dataWatch, own);
    view.dataWatch = null;
    view.everData = true;
  }
  return view;
}

function fired(m: ZooKeeperMessage, connection: ClientConnection, watch: Watch | null, own: boolean): Fired {
  const consumed = watch?.connection === connection.id ? watch : null;
  return new Fired(connection, m.eventType, m.frame, m.time, m.streamEnd, consumed, own);
}

function underRecursive(session: Session, path: string): boolean {
  if (session.recursiveWatches === 0) return false;
  for (let p: string | null = path; p !== null; p = parentOf(p)) {
    const view = session.views.get(p);
    if (view?.recursive === true && view.holdsPersistent(session.current)) return true;
  }
  return false;
}

/** The server announces a change before it answers the write that made it: one of those that wait on this connection? */
function changesItself(connection: ClientConnection, path: string, type: number): boolean {
  const { outstanding } = connection;
  // Nearly always none waits, or one: to go through them costs more than to look at it.
  const { size } = outstanding;
  if (size === 0) return false;
  if (size === 1) return outstanding.oldest !== null && changes(outstanding.oldest, path, type);
  let looked = 0;
  for (const request of outstanding) {
    if (++looked > 64) return false;
    if (changes(request, path, type)) return true;
  }
  return false;
}

function changes({ op, path: written, body }: ZooKeeperRequest, path: string, type: number): boolean {
  if (op !== 'multi') return written !== null && touches(op, written, path, type);
  return body?.ops?.some((one) => one.path !== undefined && touches(one.op, one.path, path, type)) === true;
}

function touches(op: string, written: string, path: string, type: number): boolean {
  if (type !== EventType.NodeChildrenChanged) {
    return written === path && (op === 'setData' || op === 'delete' || isCreate(op));
  }
  return (op === 'delete' || isCreate(op)) && parentOf(written) === path;
}
