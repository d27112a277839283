import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import type { ClientConnection, Handshake } from './clientConnection.js';
import type { Model } from '../model.js';
import type { Session } from './session.js';

function handshakeOf(connection: ClientConnection): Handshake {
  return (connection.handshake ??= {
    request: null,
    asked: null,
    timeoutAsked: null,
    lastZxidSeen: null,
    response: null,
    granted: null,
    timeoutGranted: null,
  });
}

/** The client asks for a session: a new one, or an old one by its id. */
export function connectRequest(m: ZooKeeperMessage, connection: ClientConnection): void {
  const handshake = handshakeOf(connection);
  handshake.request = { frame: m.frame, time: m.time };
  const body = m.requestBody();
  handshake.asked = body?.sessionId ?? null;
  handshake.timeoutAsked = body?.timeout ?? null;
  handshake.lastZxidSeen = body?.lastZxidSeen ?? null;
}

/** The server grants it, or answers session 0: the session that was asked for has expired. */
export function connectResponse(model: Model, m: ZooKeeperMessage, connection: ClientConnection): void {
  const body = m.responseBody();
  const granted = body?.sessionId;
  if (granted === undefined) return;
  const handshake = handshakeOf(connection);
  const moment = { frame: m.frame, time: m.time };
  handshake.response = moment;
  handshake.granted = granted;
  handshake.timeoutGranted = body?.timeout ?? null;
  const asked = handshake.asked;
  if (granted === '0x0') {
    if (body?.timeout !== 0 || asked === '0x0') return;
    const session = asked === null ? undefined : model.sessions.find(asked);
    if (session !== undefined && overtaken(session, connection)) return;
    if (session !== undefined) model.sessions.expired(session, moment, connection);
    for (const listen of model.listeners.sessionExpired) listen(session ?? null, connection);
    return;
  }
  connection.server.handshakes++;
  const session = model.sessions.granted(granted, connection, m, asked);
  session.timeoutAsked = handshake.timeoutAsked ?? session.timeoutAsked;
  session.timeout = handshake.timeoutGranted ?? session.timeout;
  for (const listen of model.listeners.sessionAttached) listen(session, connection, asked === granted);
}

/**
 * Another server took the session up after this connect request, and it lives there: whoever answers now was away, and has
 * nobody left to tell (a leader that was stopped, and does not know yet that it leads no more).
 */
function overtaken({ current }: Session, { handshake }: ClientConnection): boolean {
  const asked = handshake?.request ?? null;
  const taken = current?.handshake?.response ?? null;
  if (asked === null || taken === null || current === null || current.closed) return false;
  return current.handshake !== handshake && current.established && taken.time > asked.time;
}
