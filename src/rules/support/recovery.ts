import { likePath, parentOf, type Session, type WatchKind } from '../../model/index.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';

/**
 * Sessions that the client's host began after `time`, by a handshake in the capture, and that may be the client come
 * back. Several processes may share a host: whoever asks whether something was done again looks at all of them.
 */
export function laterSessions(session: Session, time: number): Session[] {
  return session.host.sessions.filter((other) => other !== session && other.start.time >= time && other.id !== null);
}

/** Whether the host has sessions whose beginning was not captured and that were alive after `time`: unknown what they did. */
export function unseenSessions(session: Session, time: number): boolean {
  const { host } = session;
  return (
    host.forgottenUntil >= time ||
    host.sessions.some((other) => other !== session && other.id === null && other.lastTime >= time)
  );
}

/** How long a session was heard of after it began: until it was closed, or its last request. */
export function livedFor(session: Session, from = session.start.time): number {
  return (session.closing?.time ?? session.lastRequestTime) - from;
}

/**
 * Whether the session watched the path at some time, or is about to: by a read, by setWatches, by addWatch on it or
 * (recursive) above it. Where the name was made anew (see likePath), any watch on one like it counts.
 */
export function watched(session: Session, path: string, kind: WatchKind): boolean {
  if (session.watchedPaths.has(path) || watchesTree(session, path)) return true;
  const view = session.views.get(path);
  if (view?.everPersistent === true) return true;
  if (view !== undefined && (kind === 'data' ? view.everData : view.everChild)) return true;
  for (const request of session.current?.outstanding ?? []) {
    if (request.path === path && (request.watch || request.opcode === OpCode.addWatch)) return true;
    if (request.opcode === OpCode.setWatches || request.opcode === OpCode.setWatches2) return true;
  }
  const like = likePath(path);
  if (like === path) return false;
  for (const other of session.watchedPaths) if (likePath(other) === like) return true;
  for (const other of session.views.values()) {
    if ((other.everData || other.everChild || other.everPersistent) && likePath(other.znode.path) === like) return true;
  }
  return false;
}

function watchesTree(session: Session, path: string): boolean {
  for (let p: string | null = path; p !== null; p = parentOf(p)) {
    if (session.watchedTrees.has(p) || session.views.get(p)?.everRecursive === true) return true;
  }
  return false;
}
