import { type ClientConnection, type Model, parentOf, type Session } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { hostOf } from '../../observations/filterPatterns.js';
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
  /** It was silent for too long to have lived on: it was with a server of which the capture shows nothing. */
  readonly elsewhere: boolean;
}

/** How much of its timeout a session must have been silent for its ephemerals to go because of that. */
const SILENT = 0.6;
/** After how many timeouts of silence, and nanoseconds more, no server would still have known of it. */
const TOO_LONG = 2;
const TICKS = 4e9;

/** The silent expiry of a session that was not closed, and was not told to have expired; null where nothing shows it. */
export function silentExpiry(model: Model, session: Session): SilentExpiry | null {
  if (session.id === null || session.closing !== null || session.end === 'closed' || session.end === 'expired')
    return null;
  const closing = model.quorum.closings.get(session.id);
  if (closing !== undefined) {
    if (closing.asked || session.lastRequestTime > closing.time) return null;
    const text = `the leader proposes closeSession of ${session.id}, which nobody has asked for`;
    return entry(model, session, closing, { frame: closing.frame, time: closing.time, text }, true);
  }
  if (session.timeout === null || session.holes > 0 || session.lastRequestTime < 0) return null;
  const since = session.lastRequestTime + SILENT * session.timeoutNs();
  const gone = vanished(model, session, since);
  return gone === null ? null : entry(model, session, gone, gone, false);
}

function entry(model: Model, session: Session, moment: Moment, evidence: Evidence, proven: boolean): SilentExpiry {
  const connection = session.current;
  const { frame, time } = moment;
  const tooLong = time - session.lastRequestTime > TOO_LONG * session.timeoutNs() + TICKS;
  const elsewhere = tooLong && connection?.tcp.end !== 'open' && hasUnseenServers(model);
  const left = connection !== null && !elsewhere && leftInOrder(connection);
  const paused = connection !== null && !left && !elsewhere && stillAcknowledges(connection, session.lastRequestTime);
  return { session, moment: { frame, time }, evidence, proven, left, paused, elsewhere };
}

/** Servers of the ensemble of which no client's traffic was captured; where nothing is known of it, with one server only. */
export function hasUnseenServers({ servers, quorum }: Model): boolean {
  const seen = new Set<string>();
  for (const { address, responses } of servers.values()) if (responses > 0) seen.add(hostOf(address));
  const members = quorum.servers.all();
  return members.length === 0 ? seen.size < 2 : members.some(({ ip }) => !seen.has(ip));
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
