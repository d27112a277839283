import { duration, listing, plural } from '../../observations/words.js';
import { type ClientConnection, makeRoom } from '../../model/index.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import { zxidText } from '../../protocols/zookeeper/format/stat.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import { endedByServer } from '../support/ending.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { quorumLost } from './quorum-lost.js';

/** A connect request that named a zxid above all that its server had shown. */
interface Attempt {
  readonly connection: ClientConnection;
  readonly server: string;
  readonly client: string;
  readonly ip: string;
  readonly session: string | null;
  readonly seen: number;
  readonly request: Moment;
  /** Highest zxid that the server had shown until then (-1: none), and its latest answer. */
  readonly shown: number;
  readonly shownAt: Moment;
  closed: Moment | null;
  /** What the server's next answer to anybody showed. */
  after: (Moment & { readonly zxid: number }) | null;
}

/** Where a session was taken in after it had been refused. */
interface TakenIn extends Moment {
  readonly server: string;
}

/**
 * Connect requests with a newer zxid, as server-behind-client keeps them.
 * @bound of them
 */
const MAX = 5000;
/**
 * Servers that close handshakes, as server-behind-client knows them.
 * @bound servers
 */
const MAX_SERVERS = 1024;
const APART = 60e9;
/** A tick: connections that a server keeps are answered about as often. */
const TICK = 2e9;
/** The server answers somebody within this time: it serves. */
const SERVES = 10e9;
/** Handshakes closed so near to each other were closed for the same reason. */
const NEAR = 5e9;
const EPOCH = 2 ** 32;

export const serverBehindClient = defineRule({
  meta: {
    name: 'server-behind-client',
    summary: 'A server closes handshakes because the client has seen newer changes than it has itself',
    documentation: {
      meaning:
        'A client names the highest zxid that it has seen. A server that is behind that refuses it without a word ("Refusing session request … as it has seen zxid … our last zxid is … client must try another server") and the client goes on to the next one. A warning where the session is taken in elsewhere; an error where every server refuses it: an ensemble restored from a backup, a wiped data directory, or a client pointed at another ensemble. Such a client never comes back by itself.',
      proof:
        'The connect request with its lastZxidSeen, the server’s FIN without one byte, and answers of that server just before (or after) with a lower zxid, in the same epoch.',
      lookalikes:
        'A server that is starting or has no quorum closes every handshake and answers next with a new epoch (quorum-lost); a refused SYN; an ordinary failover with equal or lower zxids.',
      remedy:
        'See why that server is behind: cut off from its leader (port 2888), still loading its snapshot, or restored from an old one. If all servers refuse a client, restart that client: it has seen a history which this ensemble does not have.',
    },
    options: {},
  },
  causes: [quorumLost],
  create({ model, report, findingsOf, notKept }) {
    const pending = new Map<ClientConnection, Attempt>();
    /** Refused, and the server has not answered anybody since. */
    const waiting = new Map<string, Attempt[]>();
    const refused: Attempt[] = [];
    /** By server, when it closed handshakes that it could have taken in by their zxid. */
    const closedToAll = new Map<string, number[]>();
    const takenIn = new Map<string, TakenIn>();
    const asked = new Set<string>();
    let more = 0;

    function answered(connection: ClientConnection, zxid: number, time: number, frame: number): void {
      pending.delete(connection);
      const attempts = waiting.get(connection.server.address);
      if (attempts === undefined || zxid < 0) return;
      for (const attempt of attempts) {
        attempt.after = { zxid, time, frame };
        judge(attempt);
      }
      waiting.delete(connection.server.address);
    }

    /** A handshake that names nothing new is closed as well: the server takes in nobody. */
    function refusesAll(connection: ClientConnection): void {
      const { address } = connection.server;
      const times = closedToAll.get(address);
      const { time } = connection.handshake!.request!;
      if (times === undefined) {
        makeRoom(closedToAll, MAX_SERVERS);
        closedToAll.set(address, [time]);
      } else if (times.length < MAX) times.push(time);
      else notKept();
    }

    function judge(attempt: Attempt): void {
      const { shown, seen, after, request } = attempt;
      // A server that answers nobody, or next with a new epoch, was in an election.
      if (after === null || after.time - request.time > SERVES) return;
      const behindBefore = shown >= 0 && epochOf(after.zxid) === epochOf(shown);
      if (!behindBefore && after.zxid >= seen) return;
      if (refused.length < MAX) refused.push(attempt);
      else {
        more++;
        notKept();
      }
    }

    return {
      requestsWanted: { opcodes: [OpCode.connect] },
      request(m, connection) {
        if (m.op !== 'connect') return;
        const { asked: session, lastZxidSeen } = connection.handshake!;
        const { server } = connection;
        if (lastZxidSeen === null || lastZxidSeen <= server.zxid || lastZxidSeen <= 0) return;
        if (pending.size >= MAX) {
          notKept();
          return;
        }
        pending.set(connection, {
          connection,
          server: server.address,
          client: connection.client,
          ip: connection.host.ip,
          session: session === '0x0' ? null : session,
          seen: lastZxidSeen,
          request: { frame: m.frame, time: m.time },
          shown: server.zxid,
          shownAt: { frame: server.lastFrame, time: server.lastTime },
          closed: null,
          after: null,
        });
      },
      response(m, connection) {
        if (waiting.size > 0 || pending.size > 0) answered(connection, m.zxid, m.time, m.frame);
      },
      sessionAttached(session, connection) {
        if (session.id === null || !asked.has(session.id)) return;
        const { response } = connection.handshake!;
        if (response !== null) takenIn.set(session.id, { server: connection.server.address, ...response });
      },
      connectionClosed(connection) {
        const attempt = pending.get(connection);
        const end = endedByServer(connection);
        if (attempt === undefined) {
          if (end !== null && connection.handshake?.request != null && connection.responses === 0)
            refusesAll(connection);
          return;
        }
        pending.delete(connection);
        if (end === null || connection.responses > 0 || connection.gaps > 0 || connection.tcp.toClient.delivered > 0)
          return;
        attempt.closed = end;
        if (attempt.session !== null && asked.size < MAX) asked.add(attempt.session);
        const attempts = waiting.get(attempt.server);
        if (attempts === undefined) {
          makeRoom(waiting, MAX_SERVERS);
          waiting.set(attempt.server, [attempt]);
        } else if (attempts.length < MAX) attempts.push(attempt);
        else notKept();
      },
      end() {
        const everywhere = new Set(serving());
        const byClient = new Map<string, Attempt[]>();
        const outages = findingsOf(quorumLost);
        for (const attempt of refused) {
          const { time } = attempt.request;
          if (closedToAll.get(attempt.server)?.some((other) => Math.abs(other - time) < NEAR) === true) continue;
          if (outages.some(({ from, to, confidence }) => confidence === 'proven' && from <= time && time <= to))
            continue;
          const key = `${attempt.ip} ${attempt.session ?? attempt.seen}`;
          const list = byClient.get(key);
          if (list === undefined) byClient.set(key, [attempt]);
          else list.push(attempt);
        }
        const lost: Attempt[] = [];
        const others: Attempt[] = [];
        for (const attempts of byClient.values()) {
          const last = attempts.at(-1)!;
          const taken = last.session === null ? undefined : takenIn.get(last.session);
          const never = taken === undefined || taken.time < last.request.time;
          const by = new Set(attempts.map(({ server }) => server));
          const nobody = never && by.size > 1 && [...everywhere].every((server) => by.has(server));
          (nobody ? lost : others).push(...attempts);
        }
        for (const group of incidents(
          others,
          (a) => a.server,
          (a) => a.request.time,
          APART,
        ))
          tell(group, false);
        for (const group of incidents(
          lost,
          () => '',
          (a) => a.request.time,
          APART,
        ))
          tell(group, true);
      },
    };

    /** Servers that answered somebody: those that could have taken a client in. */
    function serving(): string[] {
      return [...model.servers.values()].filter((server) => server.zxid > 0).map(({ address }) => address);
    }

    function tell(group: readonly Attempt[], never: boolean): void {
      const first = group[0]!;
      const last = group.at(-1)!;
      const proven = group.some((a) => a.shown >= 0 && a.request.time - a.shownAt.time <= TICK);
      const servers = [...new Set(group.map((a) => a.server))];
      const byClient = new Map<string, Attempt[]>();
      for (const a of group) byClient.set(a.ip, [...(byClient.get(a.ip) ?? []), a]);
      const entries = [...byClient.values()].map((attempts): Affected => {
        const latest = attempts.at(-1)!;
        const taken = latest.session === null ? undefined : takenIn.get(latest.session);
        return {
          client: latest.client,
          session: latest.session,
          frames: attempts.slice(0, 50).map((a) => a.request.frame),
          attempts: attempts.length,
          lastZxidSeen: zxidText(latest.seen),
          ...(taken === undefined ? {} : { takenInBy: taken.server, takenInFrame: taken.frame }),
        };
      });
      const best = group.find((a) => a.shown >= 0) ?? first;
      const evidence: Evidence[] = [];
      if (best.shown >= 0) {
        evidence.push({
          ...best.shownAt,
          text: `latest answer of ${best.server} until then; it had shown ${zxidText(best.shown)} at most`,
        });
      } else if (best.after !== null) {
        const { frame, time, zxid } = best.after;
        evidence.push({ frame, time, text: `${best.server} shows ${zxidText(zxid)}, later` });
      }
      evidence.push({
        ...best.request,
        text: `connect request of ${best.client}: lastZxidSeen ${zxidText(best.seen)}`,
      });
      if (best.closed !== null) evidence.push({ ...best.closed, text: 'the server closes without a byte' });
      const taken = group
        .map((a) => (a.session === null ? undefined : takenIn.get(a.session)))
        .find((t) => t !== undefined);
      if (taken !== undefined && !never)
        evidence.push({ frame: taken.frame, time: taken.time, text: `${taken.server} takes the session in` });
      const who = byClient.size === 1 ? first.ip : plural(byClient.size, 'client');
      const shown = Math.max(...group.map((a) => (a.shown >= 0 ? a.shown : (a.after?.zxid ?? -1))));
      report({
        severity: never ? 'error' : 'warning',
        confidence: proven ? 'proven' : 'likely',
        title: never ? 'No server takes this client in' : `${first.server} is behind its clients`,
        message: `${listing(servers)} refused ${who} ${plural(group.length, 'time')} in ${duration((last.closed ?? last.request).time - first.request.time)}: ${byClient.size === 1 ? 'it has' : 'they have'} seen zxid ${zxidText(Math.max(...group.map((a) => a.seen)))}, where ${servers.length === 1 ? 'the server' : 'the servers'} had shown ${zxidText(shown)} at most${never ? '; every server refuses it, so it never comes in' : ''}.`,
        remedy: never
          ? 'Restart that client, so that it forgets what it has seen; and find out why this ensemble does not have it: restored from a backup, wiped, or another ensemble than before.'
          : 'See why that server lags: its connection to the leader (port 2888), its disk, a snapshot that it is loading.',
        ...subject(entries),
        ...(servers.length === 1 ? { server: servers[0]! } : {}),
        from: first.request.time,
        to: (last.closed ?? last.request).time,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          attempts: group.length,
          servers,
          lastZxidSeen: zxidText(Math.max(...group.map((a) => a.seen))),
          shown: zxidText(shown),
          ...(more > 0 ? { notListed: more } : {}),
          ...affectedData(entries),
        },
      });
    }
  },
});

function epochOf(zxid: number): number {
  return Math.floor(zxid / EPOCH);
}
