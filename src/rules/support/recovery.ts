import type { Session } from '../../model/index.js';

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
