import type { ZooKeeperMessage, ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import { isEphemeral, isSequential, OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { Model } from '../model.js';
import type { Session } from './session.js';
import { withoutSequence } from './znode.js';

/** A write was answered. The zxid of the answer's header is that of the transaction. */
export function writeAnswered(model: Model, m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session): void {
  if (request.opcode === OpCode.multi) {
    multiAnswered(model, m, request, session);
    return;
  }
  const path = request.path;
  if (path === null) return;
  if (m.err !== 0) {
    if (m.err === ErrorCode.NodeExists && isEphemeral(request.flags)) refused(model, m, path, session);
    else if (m.err === ErrorCode.NoNode) model.znodes.find(path)?.setExists(false, m.zxid, m.time);
    return;
  }
  switch (request.opcode) {
    case OpCode.delete:
    case OpCode.deleteContainer:
      deleted(model, m, path, session);
      return;
    case OpCode.setData:
    case OpCode.setACL:
      changed(model, m, path, session, request.opcode === OpCode.setData ? 'setData' : 'setACL');
      return;
    default:
      // A sequential znode's path is in the answer only.
      if (m.path === null && isSequential(request.flags)) return;
      created(model, m, request, m.path ?? path, request.flags, session);
  }
}

function multiAnswered(model: Model, m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session): void {
  const asked = request.body?.ops;
  const results = m.responseBody()?.ops;
  if (asked === undefined || results === undefined || results.some((result) => (result.err ?? 0) !== 0)) return;
  for (const [i, op] of asked.entries()) {
    const result = results[i];
    if (result === undefined || op.path === undefined) continue;
    if (op.op.startsWith('create')) {
      const flags = op.flags ?? 0;
      if (result.path === undefined && isSequential(flags)) continue;
      created(model, m, request, result.path ?? op.path, flags, session);
    } else if (op.op === 'delete') deleted(model, m, op.path, session);
    else if (op.op === 'setData') changed(model, m, op.path, session, 'setData');
  }
}

function created(
  model: Model,
  m: ZooKeeperMessage,
  request: ZooKeeperRequest,
  path: string,
  flags: number,
  session: Session,
): void {
  const { time, frame, zxid } = m;
  const ephemeral = isEphemeral(flags);
  const child = path.slice(path.lastIndexOf('/') + 1);
  const created = {
    kind: 'create',
    cause: 'request',
    zxid,
    time,
    frame,
    session: session.id,
    child,
    ip: session.ip,
  } as const;
  model.znodes.created(path, created, ephemeral);
  if (!ephemeral) return;
  session.addCreated(withoutSequence(path));
  const sequential = isSequential(flags);
  session.addEphemeral({ path, sequential, created: { frame: request.frame, time: request.time } });
}

/** Whose node is in the way is worth knowing; if it is not known yet, a later Stat may tell. */
function refused(model: Model, m: ZooKeeperMessage, path: string, session: Session): void {
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

function deleted(model: Model, m: ZooKeeperMessage, path: string, session: Session): void {
  const owner = model.znodes.find(path)?.owner ?? null;
  if (owner !== null) model.sessions.find(owner)?.removeEphemeral(path);
  session.removeEphemeral(path);
  model.znodes.deleted(path, 'request', m.zxid, m.time, m.frame, session.id);
}

function changed(model: Model, m: ZooKeeperMessage, path: string, session: Session, kind: 'setData' | 'setACL'): void {
  const znode = model.znodes.get(path);
  znode.setExists(true, m.zxid, m.time);
  const { zxid, time, frame } = m;
  znode.addChange({ kind, cause: 'request', zxid, time, frame, session: session.id, child: null });
}

/** The session's ephemerals go with it, in one transaction. */
export function closeSessionAnswered(model: Model, m: ZooKeeperMessage, session: Session): void {
  for (const path of session.ephemerals.keys()) {
    const znode = model.znodes.find(path);
    // A NodeDeleted comes before this answer, but without the zxid.
    if (znode?.exists !== false || (znode.deletion !== null && znode.deletion.zxid < 0)) {
      model.znodes.deleted(path, 'closeSession', m.zxid, m.time, m.frame, session.id);
    }
  }
  session.removeEphemerals();
}
