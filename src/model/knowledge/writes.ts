import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import { isEphemeral, isSequential } from '../../protocols/zookeeper/format/enums.js';
import { isCreate, OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { Stat } from '../../protocols/zookeeper/format/stat.js';
import { answered, type AnsweredRequest, type Seen } from '../events.js';
import type { Model } from '../model.js';
import { errorsByPath, multiDone } from './outcome.js';
import type { Session } from './session.js';
import { type ChangeKind, likePath, type Znode } from './znode.js';

/** A write was answered. What the answer does not prove (it was cut, it is another session's) is not said. */
export function writeAnswered(model: Model, write: AnsweredRequest): void {
  const { m, request, session } = write;
  if (request.opcode === OpCode.multi) {
    multiAnswered(model, write);
    return;
  }
  const path = request.path;
  if (path === null) return;
  if (m.err !== 0) {
    if (m.err === ErrorCode.NodeExists && isEphemeral(request.flags)) ephemeralRefused(model, m, path, session);
    refused(model, write, path, m.err);
    return;
  }
  switch (request.opcode) {
    case OpCode.delete:
    case OpCode.deleteContainer:
      deleted(model, write, path);
      return;
    case OpCode.setData:
      changed(model, write, path, 'setData', statOf(model, m));
      return;
    case OpCode.setACL:
      changed(model, write, path, 'setACL', statOf(model, m));
      return;
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      created(model, write, path, m.path, request.flags, statOf(model, m));
      return;
    default: // check and reconfig change no znode that is named
  }
}

/** Only for those who listen: the model itself does without. */
function statOf(model: Model, m: ZooKeeperMessage): Stat | null {
  return model.listeners.changed.length === 0 ? null : m.stat();
}

function multiAnswered(model: Model, write: AnsweredRequest): void {
  const { m, request } = write;
  const asked = request.body?.ops;
  const done = multiDone(m);
  if (asked === undefined || done === null) return;
  if (!done) {
    if (model.listeners.refused.length === 0) return;
    for (const [path, err] of errorsByPath(m, asked, (name) => name)) refused(model, write, path, err);
    return;
  }
  // All of it or nothing: the results that were cut are those of operations that were done.
  const results = m.responseBody()?.ops ?? [];
  for (const [i, { op, path, flags = 0 }] of asked.entries()) {
    if (path === undefined) continue;
    const stat = results[i]?.stat ?? null;
    if (isCreate(op)) created(model, write, path, results[i]?.path ?? null, flags, stat);
    else if (op === 'delete') deleted(model, write, path);
    else if (op === 'setData') changed(model, write, path, 'setData', stat);
  }
}

/** A request about a path was answered with an error. */
export function refused(model: Model, answer: AnsweredRequest, path: string, err: number): void {
  const { m, request } = answer;
  const there = err === ErrorCode.NodeExists ? true : err === ErrorCode.NoNode ? false : null;
  // One operation's error in a multi may be about what the operations before it would have done.
  const known = request.opcode === OpCode.multi ? null : there;
  if (known !== null) model.znodes.find(path)?.setExists(known, m.zxid, m.time);
  for (const listen of model.listeners.refused) {
    listen({ ...answered(answer, path), request, err, there: known });
  }
}

/** @param told the path in the answer, null where it has none or it was cut: of a sequential znode it is only there */
function created(
  model: Model,
  write: AnsweredRequest,
  asked: string,
  told: string | null,
  flags: number,
  stat: Stat | null,
): void {
  const sequential = isSequential(flags);
  const { m, request, session } = write;
  // Of a request that was cut nobody knows whether it asked for a number behind the name.
  if (told === null && (sequential || request.truncated)) return;
  const path = told ?? asked;
  const { time, frame, zxid } = m;
  const ephemeral = isEphemeral(flags);
  const child = path.slice(path.lastIndexOf('/') + 1);
  const creation = {
    kind: 'create',
    cause: 'request',
    zxid,
    time,
    frame,
    session: session.id,
    child,
    ip: session.ip,
  } as const;
  model.znodes.created(path, creation, ephemeral);
  if (ephemeral) {
    session.addCreated(likePath(path));
    session.addEphemeral({ path, sequential, created: { frame: request.frame, time: request.time } });
  }
  tell(model, write, path, 'create', flags, stat);
}

/** Whose node is in the way is worth knowing; if it is not known yet, a later Stat may tell. */
function ephemeralRefused(model: Model, m: ZooKeeperMessage, path: string, session: Session): void {
  const znode = model.znodes.get(path);
  znode.setExists(true, m.zxid, m.time);
  const creation = znode.ephemeral === false ? null : znode.creation;
  const owner = znode.owner ?? creation?.session ?? null;
  const before = session.refusedCreates.get(path);
  session.addRefused({
    path,
    frame: m.frame,
    time: m.time,
    zxid: m.zxid,
    owner,
    creation,
    attempts: (before?.attempts ?? 0) + 1,
    firstTime: before?.firstTime ?? m.time,
  });
}

function deleted(model: Model, write: AnsweredRequest, path: string): void {
  const { m, session } = write;
  const owner = model.znodes.find(path)?.owner ?? null;
  if (owner !== null) model.sessions.find(owner)?.removeEphemeral(path);
  session.removeEphemeral(path);
  model.znodes.deleted(path, 'request', m.zxid, m.time, m.frame, session.id);
  tell(model, write, path, 'delete', 0, null);
}

function changed(
  model: Model,
  write: AnsweredRequest,
  path: string,
  kind: 'setData' | 'setACL',
  stat: Stat | null,
): void {
  const { m, session } = write;
  const znode = model.znodes.get(path);
  znode.setExists(true, m.zxid, m.time);
  const { zxid, time, frame } = m;
  znode.addChange({ kind, cause: 'request', zxid, time, frame, session: session.id, child: null });
  tell(model, write, path, kind, 0, stat);
}

function tell(
  model: Model,
  write: AnsweredRequest,
  path: string,
  kind: ChangeKind,
  flags: number,
  stat: Stat | null,
): void {
  const { request } = write;
  for (const listen of model.listeners.changed) {
    listen({ ...answered(write, path), kind, cause: 'request', request, flags, stat });
  }
}

/** The session's ephemerals go with it, in one transaction. */
export function closeSessionAnswered(model: Model, closing: AnsweredRequest): void {
  const { m, request, session } = closing;
  if (m.err !== 0) return;
  for (const path of session.ephemerals.keys()) {
    if (!stillOwned(model.znodes.find(path), session)) continue;
    model.znodes.deleted(path, 'closeSession', m.zxid, m.time, m.frame, session.id);
    for (const listen of model.listeners.changed) {
      const cause = 'closeSession';
      listen({ ...answered(closing, path), kind: 'delete', cause, request, flags: 0, stat: null });
    }
  }
  session.removeEphemerals();
  for (const listen of model.listeners.sessionClosed) listen(session, m);
}

/** The leader closes a session of which nothing was heard: its ephemerals go, whether anybody is told or not. */
export function sessionTimedOut(model: Model, session: Session, closing: Seen): void {
  const connection = session.current;
  // Its client had asked for it, on its own connection to the leader.
  if (session.closing !== null || connection === null) return;
  const { frame, time, zxid } = closing;
  for (const path of session.ephemerals.keys()) {
    if (!stillOwned(model.znodes.find(path), session)) continue;
    model.znodes.deleted(path, 'expired', zxid, time, frame, session.id);
    for (const listen of model.listeners.changed) {
      const what = { kind: 'delete', cause: 'expired', request: null, flags: 0, stat: null } as const;
      listen({ path, session, connection, frame, time, zxid, ...what });
    }
  }
  for (const listen of model.listeners.sessionClosed) listen(session, closing);
}

/** The ephemeral that the session once had under this path is not known to have gone before, or to be another's by now. */
function stillOwned(znode: Znode | undefined, session: Session): boolean {
  if (znode === undefined) return true;
  const { owner, exists, ephemeral, deletion, creation } = znode;
  if (owner !== null) return owner === session.id;
  if (exists === true) return ephemeral !== false;
  // A NodeDeleted comes before this answer, but without the zxid.
  return deletion === null || deletion.zxid < Math.max(creation?.zxid ?? 0, 0);
}
