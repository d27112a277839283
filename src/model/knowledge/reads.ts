import type { ZooKeeperMessage, ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { Stat } from '../../protocols/zookeeper/format/stat.js';
import { answered, type AnsweredRequest } from '../events.js';
import type { ClientConnection } from './clientConnection.js';
import type { Model } from '../model.js';
import type { Session } from './session.js';
import type { Read, View } from './view.js';
import { setWatch, updateWindow } from './watches.js';
import { refused } from './writes.js';
import { parentOf, type Znode } from './znode.js';

const NO_STAT = -1;
/**
 * A longer list is not kept: some 200,000 names. What it holds is unknown to whoever compares lists.
 * @bound bytes
 */
const MAX_LIST_BYTES = 4 * 1024 * 1024;

/** exists, getData, getACL, getChildren or getChildren2 was answered. */
export function readAnswered(model: Model, answer: AnsweredRequest): void {
  const { m, request, session, connection } = answer;
  const path = request.path;
  if (path === null) return;
  const list = request.opcode === OpCode.getChildren || request.opcode === OpCode.getChildren2;
  if (list) listAnswered(model, m, request, path, session, connection);
  else if (request.opcode === OpCode.getACL) learnPlain(model, m, path, undefined);
  else if (request.watch) watchedDataAnswered(model, m, request, path, session, connection);
  else plainDataAnswered(model, m, request, path, session, connection);
  if (m.err !== 0 && m.err !== ErrorCode.NoNode) refused(model, answer, path, m.err);
  else if (list) tellList(model, answer, path);
  else tellData(model, answer, path);
}

function tellData(model: Model, answer: AnsweredRequest, path: string): void {
  const { m, request } = answer;
  for (const listen of model.listeners.dataRead) {
    listen({ ...answered(answer, path), request, there: m.err === 0, stat: m.stat() });
  }
}

function tellList(model: Model, answer: AnsweredRequest, path: string): void {
  const { m, request } = answer;
  for (const listen of model.listeners.listAnswered) {
    const stat = request.opcode === OpCode.getChildren2 ? m.stat() : null;
    const names = m.childNames()?.names ?? null;
    listen({ ...answered(answer, path), request, there: m.err === 0, names, stat });
  }
}

/** A znode of which nothing is known yet is noted only if it is an ephemeral: it goes with its owner. */
function learnPlain(model: Model, m: ZooKeeperMessage, path: string, view: View | undefined): Stat | null {
  const znode = view?.znode ?? model.znodes.find(path);
  const wanted = m.err === 0 && (znode === undefined || znode.ephemeral === null || view !== undefined);
  const stat = wanted ? m.stat() : null;
  if (znode !== undefined) learn(model, znode, m, stat);
  else if (stat !== null && stat.ephemeralOwner !== '0x0') learn(model, model.znodes.get(path), m, stat);
  return stat;
}

function plainDataAnswered(
  model: Model,
  m: ZooKeeperMessage,
  request: ZooKeeperRequest,
  path: string,
  session: Session,
  connection: ClientConnection,
): void {
  if (session.openWindows > 0) childRead(session, path);
  const view = session.view(path);
  const stat = learnPlain(model, m, path, view);
  if (view === undefined) return;
  const fired = view.dataFired;
  view.lastData = dataRead(m, request, connection.id, stat);
  if (view.dataWatch !== null) view.readsBeside++;
  if (fired !== null && m.err === 0) fired.readWithoutWatch(view.lastData);
}

function watchedDataAnswered(
  model: Model,
  m: ZooKeeperMessage,
  request: ZooKeeperRequest,
  path: string,
  session: Session,
  connection: ClientConnection,
): void {
  if (session.openWindows > 0) childRead(session, path);
  const view = model.view(session, path);
  const stat = m.err === 0 ? m.stat() : null;
  learn(model, view.znode, m, stat);
  const read = dataRead(m, request, connection.id, stat);
  view.lastData = read;
  // exists sets its watch on an absent znode as well; the other reads set none when they fail.
  const set = m.err === 0 || (request.opcode === OpCode.exists && m.err === ErrorCode.NoNode);
  if (set) setWatch(model, view, 'data', read, read);
}

function listAnswered(
  model: Model,
  m: ZooKeeperMessage,
  request: ZooKeeperRequest,
  path: string,
  session: Session,
  connection: ClientConnection,
): void {
  if (m.err !== 0) {
    if (m.err === ErrorCode.NoNode) model.znodes.find(path)?.setExists(false, m.zxid, m.time);
    return;
  }
  const view = model.view(session, path);
  const tooLong = m.length > MAX_LIST_BYTES;
  if (tooLong) model.listsTooLong++;
  const children = tooLong ? null : m.childNames();
  const stat = request.opcode === OpCode.getChildren2 ? m.stat() : null;
  learn(model, view.znode, m, stat);
  const list =
    children === null
      ? null
      : model.znodes.addList(
          view.znode,
          children,
          m.zxid,
          stat?.pzxid ?? NO_STAT,
          stat?.cversion ?? NO_STAT,
          m.time,
          m.frame,
          session.id,
        );
  const previous = view.lastList;
  const read: Read = {
    connection: connection.id,
    op: request.op,
    watch: request.watch,
    requestFrame: request.frame,
    requestTime: request.time,
    frame: m.frame,
    time: m.time,
    err: 0,
    zxid: m.zxid,
    list,
    mzxid: NO_STAT,
    version: NO_STAT,
  };
  view.lastList = read;
  const { attached } = view.link;
  if (attached) list?.hold();
  view.listReads++;
  if (previous !== null) view.longestListInterval = Math.max(view.longestListInterval, m.time - previous.time);
  if (request.watch) {
    // Not the read itself: that would keep the list for as long as the watch, or what came of it.
    const watch = { connection: connection.id, frame: m.frame, time: m.time, op: request.op };
    setWatch(model, view, 'child', watch, read);
  } else if (view.childWatch !== null) {
    view.readsBeside++;
  } else if (view.childFired !== null) {
    const fired = view.childFired;
    fired.readWithoutWatch(read);
    fired.childReads = 0;
    updateWindow(view);
  }
  for (const listen of model.listeners.listRead) listen(view, read, previous);
  if (attached) previous?.list?.release();
}

/** The session asks for a child of a list that it has read: see `Fired.childReads` and `View.awaited`. */
function childRead(session: Session, path: string): void {
  const parent = parentOf(path);
  const view = parent === null ? undefined : session.views.get(parent);
  if (view === undefined) return;
  if (view.childFired !== null) view.childFired.childReads++;
  if (view.awaited !== null) {
    view.awaited.askedFor(path.slice(path.lastIndexOf('/') + 1));
    updateWindow(view);
  }
}

function dataRead(m: ZooKeeperMessage, request: ZooKeeperRequest, connection: number, stat: Stat | null): Read {
  return {
    connection,
    op: request.op,
    watch: request.watch,
    requestFrame: request.frame,
    requestTime: request.time,
    frame: m.frame,
    time: m.time,
    err: m.err,
    zxid: m.zxid,
    list: null,
    mzxid: stat?.mzxid ?? NO_STAT,
    version: stat?.version ?? NO_STAT,
  };
}

/** What an answer says about the znode itself: whether it is there, and whose it is. */
function learn(model: Model, znode: Znode, m: ZooKeeperMessage, stat: Stat | null): void {
  if (m.err === ErrorCode.NoNode) znode.setExists(false, m.zxid, m.time);
  if (m.err !== 0) return;
  znode.setExists(true, m.zxid, m.time);
  if (stat === null) return;
  const owner = stat.ephemeralOwner === '0x0' ? null : stat.ephemeralOwner;
  znode.ephemeral = owner !== null;
  if (owner === znode.owner) return;
  znode.owner = owner;
  if (owner !== null) model.sessions.owns(owner, znode.path);
}
