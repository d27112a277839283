import { duration, listing, plural } from '../../observations/words.js';
import type { Session } from '../../model/index.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, findingOn, incidents, subject } from '../support/affected.js';
import { connectRefused } from './connect-refused.js';
import { halfOpenConnection } from './half-open-connection.js';
import { leaderElection } from './leader-election.js';
import { pingUnanswered } from './ping-unanswered.js';
import { quorumLost } from './quorum-lost.js';
import { reconnectStorm } from './reconnect-storm.js';
import { serverStall } from './server-stall.js';

interface Move {
  readonly id: string;
  readonly client: string;
  readonly from: string;
  readonly to: string;
  readonly frame: number;
  readonly time: number;
}

interface Shared {
  readonly session: Session;
  readonly ips: Set<string>;
  readonly clients: Set<string>;
  readonly servers: Set<string>;
  /** Handshakes by which one address took the session from another that was still connected. */
  takeovers: number;
  readonly evidence: Evidence[];
  readonly from: number;
  to: number;
  handshakes: number;
  moved: number;
}

/**
 * Sessions that moved, as session-moved keeps them.
 * @bound of them
 */
const MAX = 20_000;
/** Addresses of one session that are told apart. */
const MAX_ADDRESSES = 256;
const SAME_HANDSHAKE = 5e6;
/** Nanoseconds from the end of an election to a session that moved because of it. */
const APART = 10e9;

export const sessionMoved = defineRule({
  meta: {
    name: 'session-moved',
    summary: 'A session is taken up on another server: ordinary failover, or two machines that share it',
    documentation: {
      meaning:
        'A client that loses its server takes its session to the next one: that is failover, and context only. But two client addresses that take one session from each other in turn are two machines with the same session id and password, such as a cloned virtual machine or a restored snapshot: each cuts the other off, writes are lost in between.',
      proof:
        'Handshakes answered with the same session id, from two client addresses in turn, each while the connection of the other one was still open. ZooKeeper 3.8 closes the connection that lost the session without an answer to its write; SessionMoved (-118) is rarely seen.',
      lookalikes:
        'A client that comes back from the same address (failover); a client behind NAT that changes its port, or its address after its old connection ended.',
      remedy:
        'Stop one of the two and start its client process anew: a client must not be copied while it is connected. For machine images and snapshots, stop the service first.',
    },
    options: {
      takeovers: {
        type: 'number',
        default: 2,
        min: 1,
        unit: 'handshakes',
        description: 'Takeovers between two addresses that make an error',
      },
    },
  },
  causes: [
    ...[reconnectStorm, serverStall, connectRefused, pingUnanswered, halfOpenConnection],
    ...[quorumLost, leaderElection],
  ],
  create({ options, report, findingsOf, notKept }) {
    const moves: Move[] = [];
    const shared = new Map<string, Shared>();
    let movedErrors = 0;

    return {
      responsesWanted: { errors: true },
      response(m, connection) {
        if (m.err !== ErrorCode.SessionMoved) return;
        movedErrors++;
        const entry = shared.get(connection.session?.id ?? '');
        if (entry !== undefined) entry.moved++;
      },
      sessionAttached(session, _connection, resumed) {
        const { attachments, id } = session;
        const now = attachments.at(-1);
        const before = attachments.at(-2);
        if (!resumed || id === null || now === undefined || before === undefined) return;
        const { frame, time, server, ip, client } = now;
        // The same handshake seen before and after a translation of addresses is no takeover.
        if (time - before.time < SAME_HANDSHAKE) return;
        if (before.ip === ip) {
          const known = shared.get(id);
          if (known !== undefined) known.handshakes++;
          if (before.server === server) return;
          if (moves.length < MAX) moves.push({ id, client, from: before.server, to: server, frame, time });
          else notKept();
          return;
        }
        let entry = shared.get(id);
        if (entry === undefined) {
          if (shared.size >= MAX) {
            notKept();
            return;
          }
          entry = {
            ...{
              session,
              ips: new Set([before.ip]),
              clients: new Set([before.client]),
              servers: new Set([before.server]),
            },
            ...{ takeovers: 0, evidence: [], from: before.time, to: time, handshakes: 1, moved: 0 },
          };
          entry.evidence.push({
            frame: before.frame,
            time: before.time,
            text: `handshake: ${before.client} has session ${id} on ${before.server}`,
          });
          shared.set(id, entry);
        }
        entry.handshakes++;
        addUpTo(entry.ips, ip);
        addUpTo(entry.clients, client);
        addUpTo(entry.servers, server);
        entry.to = time;
        const other = before.connection;
        if (other !== null && !other.closed && other.tcp.toServer.fin === null && other.tcp.toServer.rst === null) {
          entry.takeovers++;
          if (entry.evidence.length < 4) {
            entry.evidence.push({
              frame,
              time,
              text: `handshake: ${client} takes it up on ${server} while ${other.client} is connected`,
            });
          }
        }
      },
      end() {
        for (const entry of shared.values()) if (entry.takeovers >= options.takeovers) tellShared(entry);
        // A client that reconnects in a loop goes from server to server: that is told there.
        const ordinary = moves.filter(
          (m) => findingOn(findingsOf(reconnectStorm), (e) => e.session === m.id) === undefined,
        );
        for (const group of incidents(
          ordinary,
          (m) => m.from,
          (m) => m.time,
          20e9,
        ))
          tellMoves(group);
      },
    };

    function tellShared(entry: Shared): void {
      const { session, ips, takeovers, handshakes } = entry;
      const affected = [...entry.clients]
        .slice(0, 50)
        .map((client): Affected => ({ client, session: session.id, frames: [] }));
      report({
        severity: 'error',
        confidence: session.holes > 0 ? 'likely' : 'proven',
        title: 'Two machines share one session',
        message: `${listing([...ips])} took session ${session.id!} from each other ${plural(takeovers, 'time')} in ${duration(entry.to - entry.from)}, each while the other was connected.`,
        remedy:
          'Restart the ZooKeeper client on one of the two: they have the same session id and password, as after cloning a machine or restoring a snapshot.',
        session: session.id,
        from: entry.from,
        to: entry.to,
        evidence: entry.evidence,
        data: {
          takeovers,
          handshakes,
          sessionMovedErrors: movedErrors,
          servers: [...entry.servers],
          ...affectedData(affected),
        },
      });
    }

    function tellMoves(group: readonly Move[]): void {
      const first = group[0]!;
      const entries = group.map((m): Affected => ({
        client: m.client,
        session: m.id,
        frames: [m.frame],
        to: m.to,
      }));
      const sessions = new Set(group.map((m) => m.id));
      const cause =
        findingsOf(serverStall, connectRefused).find(
          (f) => f.server === first.from && f.from <= group.at(-1)!.time && f.to + APART >= first.time,
        ) ??
        findingOn(findingsOf(pingUnanswered, halfOpenConnection), (e) => sessions.has(e.session ?? '')) ??
        findingsOf(quorumLost, leaderElection).find((f) => f.from <= first.time && f.to + APART >= first.time);
      const to = [...new Set(group.map((m) => m.to))];
      report({
        severity: 'info',
        confidence: 'proven',
        title: 'Failover to another server',
        message: `${plural(sessions.size, 'session')} moved from ${first.from} to ${listing(to)}${cause === undefined ? '' : ` (${cause.rule})`}.`,
        remedy: 'Nothing, if that server was restarted or cut off; otherwise see why its clients left.',
        ...subject(entries),
        server: first.from,
        from: first.time,
        to: group.at(-1)!.time,
        evidence: [{ frame: first.frame, time: first.time, text: `handshake: session ${first.id} on ${first.to}` }],
        cause,
        data: {
          sessions: sessions.size,
          moves: group.length,
          ...affectedData(entries),
        },
      });
    }
  },
});

function addUpTo(set: Set<string>, value: string): void {
  if (set.size < MAX_ADDRESSES) set.add(value);
}
