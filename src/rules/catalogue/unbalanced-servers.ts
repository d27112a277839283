import { duration, listing, plural } from '../../observations/words.js';
import type { Session } from '../../model/index.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData } from '../support/affected.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { seconds } from '../../observations/seconds.js';
import { connectRefused } from './connect-refused.js';

/** A session that moved to another server. */
interface Move extends Moment {
  readonly session: Session;
  readonly from: string;
  readonly to: string;
}

/** Since when one server has nearly all sessions. */
interface Tilt {
  readonly server: string;
  readonly since: number;
  /** Requests other than pings by server until then. */
  readonly requests: ReadonlyMap<string, number>;
}

/**
 * Sessions that moved from server to server, as unbalanced-servers keeps them.
 * @bound moves
 */
const MAX_MOVES = 20_000;
/** Moves within this time belong to what tilted it. */
const EPISODE = 300e9;
/** Of the sessions, how many must have moved. */
const MOVED = 0.2;

export const unbalancedServers = defineRule({
  meta: {
    name: 'unbalanced-servers',
    summary: 'After a restart one server has nearly all sessions, and it stays so',
    documentation: {
      meaning:
        'Clients that lose their server go on at the next one and stay there: nothing in ZooKeeper brings them back. After servers were restarted one after the other, one may carry all clients while the others idle; it is then the one whose loss hurts everybody.',
      proof:
        'The handshakes that moved the sessions, for each session the server of its last handshake, and requests counted by server in the time after. Likely where sessions are known by their packets only.',
      lookalikes:
        'The moments after a restart; an ensemble of one server, or clients that know only one; an imbalance from the start with few sessions; a server that was restarted last and has none while the others share; idle sessions.',
      remedy:
        'Restart clients in small groups, or let them leave the server (a load balancer, closing connections by JMX or the admin server’s commands); give clients shuffled server lists (kazoo randomize_hosts, Curator does it).',
    },
    options: {
      share: {
        type: 'number',
        default: 0.8,
        min: 0.5,
        max: 1,
        unit: 'share',
        description: 'Share of the sessions, and of the requests, on one server',
      },
      sessions: {
        type: 'number',
        default: 12,
        min: 2,
        unit: 'sessions',
        description: 'With fewer sessions nothing is said',
      },
      seconds: {
        type: 'number',
        default: 5,
        unit: 'seconds',
        description: 'How long it has to stay so, to the end of the capture',
      },
    },
  },
  causes: [connectRefused],
  create({ model, options, report, findingsOf, notKept }) {
    const home = new Map<Session, string>();
    const sessions = new Map<string, number>();
    /** The server with most sessions of all; null where one that had them lost some since. */
    let fullest: string | null = null;
    let moves: Move[] = [];
    /** Moves that found no room since it was last looked for. */
    let waited = MAX_MOVES;
    let tilt: Tilt | null = null;

    function settle(session: Session, server: string | null): void {
      const before = home.get(session);
      if (before === server) return;
      if (before !== undefined) {
        sessions.set(before, sessions.get(before)! - 1);
        if (before === fullest) fullest = null;
      }
      if (server === null) home.delete(session);
      else {
        const here = (sessions.get(server) ?? 0) + 1;
        home.set(session, server);
        sessions.set(server, here);
        if (fullest !== null && here > sessions.get(fullest)!) fullest = server;
      }
    }

    /** The server that has most sessions, if it has this many; '' otherwise. */
    function fullestWith(least: number): string {
      if (fullest === null) {
        let most = -1;
        for (const [server, n] of sessions) {
          if (n <= most) continue;
          most = n;
          fullest = server;
        }
      }
      return fullest !== null && sessions.get(fullest)! >= least ? fullest : '';
    }

    /** Moves that no tilt can come of any more: long ago, or of sessions that have ended. */
    function prune(now: number): void {
      const since = (tilt?.since ?? now) - EPISODE;
      waited = 0;
      moves = moves.filter(({ session, time }) => !session.judged && time >= since);
    }

    function weigh(): void {
      const all = home.size;
      const most = all >= options.sessions ? fullestWith(all * options.share) : '';
      if (most === '') tilt = null;
      else if (tilt?.server !== most) {
        tilt = {
          server: most,
          since: model.lastTime,
          requests: new Map([...model.servers].map(([s, { work }]) => [s, work])),
        };
      }
    }

    return {
      sessionAttached(session, connection) {
        const from = home.get(session) ?? session.attachments.at(-2)?.server;
        const to = connection.server.address;
        const at = connection.handshake?.response;
        if (from !== undefined && from !== to && at != null) {
          if (moves.length >= MAX_MOVES && ++waited > MAX_MOVES >>> 3) prune(at.time);
          if (moves.length < MAX_MOVES) moves.push({ session, from, to, ...at });
          else notKept();
        }
        settle(session, to);
        weigh();
      },
      connectionClosed(connection) {
        const { session } = connection;
        if (session?.current !== connection) return;
        settle(session, null);
        weigh();
      },
      sessionEnded(session) {
        // At the end of the capture every session is told as ended.
        if (model.ended) return;
        settle(session, null);
      },
      end() {
        // Sessions whose handshake was not captured are known by their packets only.
        let unseen = 0;
        for (const session of model.sessions.alive()) {
          if (!session.connected || home.has(session) || session.current === null) continue;
          unseen++;
          settle(session, session.current.server.address);
        }
        if (unseen > 0) weigh();
        if (tilt !== null) judge(tilt, unseen);
      },
    };

    function judge({ server, since, requests: until }: Tilt, unseen: number): void {
      const all = home.size;
      const here = sessions.get(server) ?? 0;
      const moved = moves.filter((m) => m.time >= since - EPISODE && m.time <= since + 1e9 && home.has(m.session));
      const first = moved[0];
      if (first === undefined || model.lastTime - Math.max(since, moved.at(-1)!.time) < options.seconds * 1e9) return;
      const movedHere = new Set(moved.filter((m) => m.to === server).map((m) => m.session));
      if (movedHere.size < all * MOVED) return;
      // Where everybody was before the first of these moves.
      const before = new Map(sessions);
      for (const key of before.keys()) before.set(key, 0);
      const origins = new Map<Session, string>();
      for (const m of moved) if (!origins.has(m.session)) origins.set(m.session, m.from);
      let old = 0;
      for (const [session, now] of home) {
        if (session.start.time > first.time) continue;
        const at = origins.get(session) ?? now;
        before.set(at, (before.get(at) ?? 0) + 1);
        old++;
      }
      if ((before.get(server) ?? 0) >= old * options.share || [...before.values()].filter((n) => n > 0).length < 2)
        return;
      const asked = new Map<string, number>();
      let total = 0;
      for (const [address, { work: n }] of model.servers) {
        const since0 = n - (until.get(address) ?? 0);
        if (since0 > 0) asked.set(address, since0);
        total += since0;
      }
      const askedHere = asked.get(server) ?? 0;
      if (total === 0 || askedHere < total * options.share) return;
      const last = moved.at(-1)!;
      const left = [...new Set(moved.map((m) => m.from))].filter((s) => s !== server);
      const cause = findingsOf(connectRefused).find((f) => f.server !== undefined && left.includes(f.server));
      const entries = [...movedHere].map((session): Affected => {
        const move = moved.findLast((m) => m.session === session)!;
        return { client: session.client, session: session.id, frames: [move.frame], from: origins.get(session)! };
      });
      const evidence: Evidence[] = [
        {
          frame: first.frame,
          time: first.time,
          text: `handshake: the first session that moves, from ${first.from} to ${first.to}`,
        },
      ];
      if (last.frame > first.frame) {
        evidence.push({
          frame: last.frame,
          time: last.time,
          text: `the last of ${plural(moved.length, 'such handshake')}`,
        });
      }
      const counts = (map: ReadonlyMap<string, number>): Record<string, number> =>
        Object.fromEntries([...map].filter(([, n]) => n > 0).sort());
      report({
        severity: 'warning',
        confidence: unseen * 2 > all ? 'likely' : 'proven',
        title: `${server} has nearly all sessions`,
        message: `${here} of ${plural(all, 'session')} are on ${server} (before: ${before.get(server) ?? 0} of ${old}), and ${askedHere} of ${plural(total, 'request')} of the last ${duration(model.lastTime - since)} went there; ${plural(movedHere.size, 'session')} had left ${listing(left)}, and nothing brings them back.`,
        remedy:
          'Clients stay where they are: move some of them (restart them in small groups), and give them shuffled server lists.',
        server,
        from: first.time,
        to: model.lastTime,
        evidence,
        data: {
          sessions: counts(sessions),
          before: counts(before),
          requests: counts(asked),
          seconds: seconds(model.lastTime - since),
          moved: moved.length,
          ...affectedData(entries),
        },
        cause,
      });
    }
  },
});
