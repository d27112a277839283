import { type ClientConnection, type Model, parentOf, type Session } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import type { Evidence } from '../finding.js';

/** A session that the servers ended because they heard nothing of it, and nobody was told. */
export interface SilentExpiry {
  readonly session: Session;
  /** When it ended: the leader's proposal, or when the first of its ephemerals was seen to be gone. */
  readonly moment: Moment;
  readonly evidence: Evidence;
  /** By the leader's proposal. */
  readonly proven: boolean;
  /** Its client had closed the connection itself, with everything answered: stopped, killed or crashed. */
  readonly left: boolean;
  /** Its kernel went on acknowledging: the process was stopped, not the network. */
  readonly paused: boolean;
}

/** How much of its timeout a session must have been silent for its ephemerals to go because of that. */
const SILENT = 0.6;

/** The silent expiry of a session that was not closed, and was not told to have expired; null where nothing shows it. */
export function silentExpiry(model: Model, session: Session): SilentExpiry | null {
  if (session.id === null || session.closing !== null || session.end === 'closed' || session.end === 'expired')
    return null;
  const closing = model.quorum.closings.get(session.id);
  const connection = session.current;
  if (closing !== undefined) {
    if (closing.asked || session.lastRequestTime > closing.time) return null;
    const text = `the leader proposes closeSession of ${session.id}, which nobody has asked for`;
    return entry(session, closing, { frame: closing.frame, time: closing.time, text }, true, connection);
  }
  if (session.timeout === null || session.holes > 0 || session.lastRequestTime < 0) return null;
  const since = session.lastRequestTime + SILENT * session.timeoutNs();
  const gone = vanished(model, session, since);
  return gone === null ? null : entry(session, gone, gone, false, connection);
}

function entry(
  session: Session,
  moment: Moment,
  evidence: Evidence,
  proven: boolean,
  connection: ClientConnection | null,
): SilentExpiry {
  const left = connection !== null && leftInOrder(connection);
  const paused = connection !== null && !left && stillAcknowledges(connection, session.lastRequestTime);
  return { session, moment: { frame: moment.frame, time: moment.time }, evidence, proven, left, paused };
}

/** The first of the session's ephemerals that was seen to be gone, by a notification or a list, after `since`. */
function vanished(model: Model, session: Session, since: number): Evidence | null {
  let first: Evidence | null = null;
  for (const { path } of session.ephemerals.values()) {
    const znode = model.znode(path);
    const deletion = znode?.deletion ?? null;
    if (deletion !== null && deletion.cause !== 'unknown') continue;
    let gone: Evidence | null = null;
    if (deletion !== null && deletion.time >= since) {
      gone = {
        frame: deletion.frame,
        time: deletion.time,
        text: `${path}, which it owned, is gone: others are notified`,
      };
    } else if (deletion === null && znode !== undefined) {
      const list = model.znode(parentOf(path) ?? '')?.newestList ?? null;
      if (list !== null && list.time >= since && !list.names.includes(znode.name))
        gone = { frame: list.frame, time: list.time, text: `a list without ${path}, which it owned` };
    }
    if (gone !== null && (first === null || gone.time < first.time)) first = gone;
  }
  return first;
}

/** The client ended the connection, by FIN or RST, before the server did (or nobody knows who), with all answered. */
export function leftInOrder({ tcp, outstanding }: ClientConnection): boolean {
  const own = tcp.toServer.fin ?? tcp.toServer.rst;
  const theirs = tcp.toClient.fin ?? tcp.toClient.rst;
  const unknown = own === null && theirs === null && tcp.end !== 'open';
  const first = own !== null && (theirs === null || own.time <= theirs.time);
  return (unknown || first) && outstanding.size === 0;
}

/** After the client's last request the server sent something on that connection, and the client's kernel acknowledged it. */
export function stillAcknowledges({ tcp }: ClientConnection, since: number): boolean {
  const { toClient, toServer } = tcp;
  // What the server repeats although it was acknowledged: the ACKs are in the capture and did not reach it.
  if (toClient.finRepeats > 0) return false;
  if (toClient.fin !== null && toClient.finAcked && toServer.rst === null) return true;
  return toClient.lastPayloadTime > since + 0.5e9 && toClient.acked >= toClient.delivered && toClient.delivered > 0;
}
