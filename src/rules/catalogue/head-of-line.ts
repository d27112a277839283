import { duration, listing, plural } from '../../observations/words.js';
import { type ClientConnection, makeRoom } from '../../model/index.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { seconds } from '../../observations/seconds.js';
import { endingOf } from '../support/ending.js';
import { WRITES } from '../support/operations.js';

/** A quick answer of a server to somebody, by kind of request. */
interface Quick {
  /** -1 while there is none. */
  connection: number;
  requestTime: number;
  latency: number;
  frame: number;
  time: number;
}

/** What a server answered lately: the latest quick answers of two connections, and the latest slow one, by kind. */
interface Recent {
  readonly quick: [Quick, Quick];
  readonly other: [Quick, Quick];
  readonly slow: [Moment | null, Moment | null];
}

/** A slow answer and the requests that waited behind it. */
interface Hold {
  readonly op: string;
  readonly path: string | null;
  readonly request: Moment;
  readonly answer: Moment;
  readonly latency: number;
  /** Requests other than pings that were sent meanwhile. */
  readonly waiting: number;
  readonly firstHeld: Moment;
  readonly heldOps: ReadonlySet<string>;
  readonly heldPath: string | null;
  readonly heldWrites: boolean;
  readonly witness: Quick | null;
  /** Another session's request of that kind was slow as well. */
  readonly slowForOthers: boolean;
  /** It was never answered: the client gave up, at the time of `answer`. */
  readonly left: boolean;
  held: number;
  last: Moment;
}

interface Series {
  readonly client: string;
  readonly session: string | null;
  readonly server: string;
  readonly holds: Hold[];
  rounds: number;
  lossy: boolean;
}

/** Nanoseconds from the slow answer to the first of those that waited, and from one of them to the next. */
const IN_ONE_GO = 50e6;
const QUICK = 0.2;
const KEPT = 50;
/**
 * Requests that held others up, as head-of-line keeps them.
 * @bound of them
 */
const MAX = 5000;
/**
 * Servers whose latest answers are known.
 * @bound servers
 */
const MAX_SERVERS = 1024;
/**
 * Requests that are looked at behind one.
 * @bound requests
 */
const MOST_BEHIND = 4096;
/** Share of the session timeout after which clients give up a server that does not answer: two thirds, less a little. */
const PATIENCE = 0.6;
const READ = 0;
const WRITE = 1;

export const headOfLine = defineRule({
  meta: {
    name: 'head-of-line',
    summary: 'One slow request holds up all that the same session sent after it',
    documentation: {
      meaning:
        'ZooKeeper answers one session in order. A sync, a write or a huge list that takes long holds up every request which the same session sent after it, pings included, while the same server answers other sessions at once. An error where the client gives up and leaves, or its session expires.',
      proof:
        'A request answered late, others of the same connection sent in between and answered right behind it in one go, and a request of the same kind of another session which the same server answered quickly meanwhile; likely where there is no such witness.',
      lookalikes:
        'A slow request with nothing (or only pings) behind it; the same work over two sessions; a server that is slow for all (server-stall, slow-request); lost segments (network-loss); a client that sends one request at a time.',
      remedy:
        'Give slow work (sync, large writes, long lists) a session of its own, apart from reads that users wait for; and see why that request took so long.',
    },
    options: {
      seconds: {
        type: 'number',
        default: 0.5,
        min: 0.01,
        unit: 'seconds',
        description: 'How long the first one takes',
      },
      requests: { type: 'number', default: 3, min: 1, unit: 'requests', description: 'How many wait behind it' },
    },
  },
  create({ model, options, report, notKept }) {
    const slowFrom = options.seconds * 1e9;
    const recents = new Map<string, Recent>();
    /** Holds whose waiting requests are being answered. */
    const open = new Map<ClientConnection, Hold>();
    const series = new Map<string, Series>();
    let latest = '';
    let latestRecent: Recent = newRecent();

    function recentOf(server: string): Recent {
      if (server === latest) return latestRecent;
      let recent = recents.get(server);
      if (recent === undefined) {
        makeRoom(recents, MAX_SERVERS);
        recents.set(server, (recent = newRecent()));
      }
      latest = server;
      return (latestRecent = recent);
    }

    function quick(m: ZooKeeperMessage, connection: ClientConnection, latency: number, kind: 0 | 1): void {
      const recent = recentOf(connection.server.address);
      let known = recent.quick[kind];
      if (known.connection !== connection.id) {
        // The objects are used again: one answer in two makes none.
        const other = recent.other[kind];
        recent.other[kind] = known;
        recent.quick[kind] = known = other;
        known.connection = connection.id;
      }
      known.requestTime = m.request!.time;
      known.latency = latency;
      known.frame = m.frame;
      known.time = m.time;
    }

    /** A request that the server answered slowly by itself: others may have waited behind it. */
    function slow(m: ZooKeeperMessage, connection: ClientConnection): void {
      const request = m.request!;
      const kind = WRITES.has(request.opcode) ? WRITE : READ;
      const recent = recentOf(connection.server.address);
      const behind = [];
      for (const other of connection.outstanding) {
        if (other.opcode !== OpCode.ping && other.time >= request.time && other.time < m.time) behind.push(other);
        if (behind.length >= MOST_BEHIND) break;
      }
      if (behind.length >= options.requests) {
        const writes = behind.filter(({ opcode }) => WRITES.has(opcode)).length;
        const heldWrites = writes * 2 > behind.length;
        const candidates = [recent.quick[heldWrites ? WRITE : READ], recent.other[heldWrites ? WRITE : READ]];
        const witness = candidates.find(
          (q) => q.connection >= 0 && q.connection !== connection.id && q.requestTime >= request.time,
        );
        const slowElse = recent.slow[heldWrites ? WRITE : READ];
        const paths = new Set(behind.map(({ path }) => path));
        const answer = { frame: m.frame, time: m.time };
        open.set(connection, {
          op: request.op,
          path: request.path,
          request: { frame: request.frame, time: request.time },
          answer,
          latency: m.time - request.time,
          waiting: behind.length,
          firstHeld: { frame: behind[0]!.frame, time: behind[0]!.time },
          heldOps: new Set(behind.map(({ op }) => op)),
          heldPath: paths.size === 1 ? behind[0]!.path : null,
          heldWrites,
          witness: witness === undefined ? null : { ...witness },
          slowForOthers: slowElse !== null && slowElse.time >= request.time,
          left: false,
          held: 0,
          last: answer,
        });
      }
      recent.slow[kind] = { frame: m.frame, time: m.time };
    }

    /** The client left while its oldest request, and others behind it, waited: for a server that answers others at once. */
    function left(connection: ClientConnection): void {
      const { tcp, outstanding, session } = connection;
      const ending = endingOf(connection);
      if (ending?.by !== 'client' || connection.gaps > 0) return;
      const [first, ...rest] = [...outstanding].slice(0, MOST_BEHIND);
      if (first === undefined || first.opcode === OpCode.ping) return;
      const behind = rest.filter(({ opcode }) => opcode !== OpCode.ping);
      const waited = ending.time - first.time;
      if (behind.length < options.requests || waited < slowFrom) return;
      // What never arrived was lost on the way: network-loss, half-open-connection.
      if (tcp.toServer.unackedRetransmissions > 0 || tcp.toServer.acked < behind.at(-1)!.streamEnd) return;
      const patient = session === null || waited < session.timeoutNs(Infinity) * PATIENCE;
      if (patient && rest.length === behind.length) return;
      const writes = behind.filter(({ opcode }) => WRITES.has(opcode)).length;
      const heldWrites = writes * 2 > behind.length;
      const kind = heldWrites ? WRITE : READ;
      const recent = recentOf(connection.server.address);
      const witness = [recent.quick[kind], recent.other[kind]].find(
        (q) => q.connection >= 0 && q.connection !== connection.id && q.requestTime >= first.time,
      );
      if (witness === undefined) return;
      const end = { frame: ending.frame, time: ending.time };
      const paths = new Set(behind.map(({ path }) => path));
      const hold: Hold = {
        ...{ op: first.op, path: first.path, request: { frame: first.frame, time: first.time }, answer: end },
        ...{ latency: waited, waiting: behind.length, heldWrites, witness: { ...witness }, slowForOthers: false },
        firstHeld: { frame: behind[0]!.frame, time: behind[0]!.time },
        heldOps: new Set(behind.map(({ op }) => op)),
        heldPath: paths.size === 1 ? behind[0]!.path : null,
        ...{ left: true, held: behind.length, last: end },
      };
      keep(hold, connection);
    }

    /** One more of those that waited was answered; when all were, or one was not in one go, the hold is over. */
    function released(hold: Hold, m: ZooKeeperMessage, connection: ClientConnection): void {
      if (m.time - hold.last.time > IN_ONE_GO) {
        open.delete(connection);
        return;
      }
      hold.held++;
      hold.last = { frame: m.frame, time: m.time };
      if (hold.held < hold.waiting) return;
      open.delete(connection);
      keep(hold, connection);
    }

    function keep(hold: Hold, connection: ClientConnection): void {
      // Slow for everybody: that is the server's.
      if (hold.witness === null && hold.slowForOthers) return;
      const key = connection.session?.id ?? `connection ${connection.id}`;
      let entry = series.get(key);
      if (entry === undefined) {
        if (series.size >= MAX) {
          notKept();
          return;
        }
        const { client, session, server } = connection;
        entry = { client, session: session?.id ?? null, server: server.address, holds: [], rounds: 0, lossy: false };
        series.set(key, entry);
      }
      entry.rounds++;
      if (connection.gaps > 0) entry.lossy = true;
      if (entry.holds.length < KEPT) entry.holds.push(hold);
    }

    return {
      withoutPings: true,
      response(m, connection) {
        const { request, latency } = m;
        if (request === null || latency === null || request.op === 'connect' || request.op === 'fourLetterWord') return;
        const hold = open.size === 0 ? undefined : open.get(connection);
        if (hold !== undefined && request.time < hold.answer.time) released(hold, m, connection);
        else if (latency >= slowFrom) {
          if (connection.lastGap === null || connection.lastGap.time < request.time) slow(m, connection);
        } else if (latency <= slowFrom * QUICK) {
          quick(m, connection, latency, WRITES.has(request.opcode) ? WRITE : READ);
        }
      },
      connectionClosed(connection) {
        open.delete(connection);
        if (connection.outstanding.size > options.requests) left(connection);
      },
      end() {
        for (const group of incidents(
          [...series.values()],
          (s) => s.session ?? s.client,
          (s) => s.holds[0]!.request.time,
        ))
          for (const one of group) tell(one);
      },
    };

    function tell({ client, session, server, holds, rounds, lossy }: Series): void {
      const worst = holds.reduce((a, b) => (b.latency > a.latency ? b : a));
      const held = holds.reduce((sum, h) => sum + h.held, 0);
      const witness = worst.witness ?? holds.find((h) => h.witness !== null)?.witness ?? null;
      const heldOps = [...new Set(holds.flatMap((h) => [...h.heldOps]))];
      const paths = [...new Set(holds.map((h) => h.heldPath))];
      const path = paths.length === 1 ? paths[0]! : null;
      const ended = model.sessions.find(session ?? '')?.end === 'expired';
      const left = holds.some((h) => h.left);
      const released =
        worst.left && rounds === 1
          ? 'until the client gave up and left'
          : `and were answered right behind ${rounds === 1 ? 'it' : 'them'}${left ? ', or the client gave up and left' : ''}`;
      const entry: Affected = {
        client,
        session,
        ...(path === null ? {} : { path }),
        frames: holds.map((h) => h.request.frame),
        held: holds.map((h) => h.held),
        waits: holds.map((h) => seconds(h.latency)),
      };
      const evidence: Evidence[] = [
        { ...worst.request, text: `${worst.op}${worst.path === null ? '' : ` of ${worst.path}`}` },
        { ...worst.firstHeld, text: 'the first request behind it' },
        ...(worst.left
          ? [{ ...worst.answer, text: `the client leaves, ${duration(worst.latency)} later; nothing was answered` }]
          : [
              { ...worst.answer, text: `its answer, ${duration(worst.latency)} later` },
              { ...worst.last, text: `the last of ${plural(worst.held, 'answer')} that follow in one go` },
            ]),
      ];
      if (worst.witness !== null) {
        const { frame, time, latency } = worst.witness;
        evidence.push({ frame, time, text: `meanwhile another session is answered in ${duration(latency)}` });
      }
      report({
        severity: ended || left ? 'error' : 'warning',
        confidence: lossy || witness === null ? 'likely' : 'proven',
        title: `Requests wait behind a slow ${worst.op}`,
        message: `${plural(held, 'request')} (${listing(heldOps)}) of ${client} waited behind ${rounds === 1 ? `one ${worst.op}` : `${rounds} slow requests (${listing([...new Set(holds.map((h) => h.op))])})`} that took up to ${duration(worst.latency)}, ${released}${witness === null ? '' : `; meanwhile ${server} answered another session in ${duration(witness.latency)}`}.`,
        remedy:
          'Use a second session for the slow work, so that other requests need not wait behind it; and see why it is slow (slow-request).',
        ...subject([entry]),
        server,
        from: holds[0]!.request.time,
        to: holds.at(-1)!.last.time,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: { behind: worst.op, rounds, held, left, longest: seconds(worst.latency), ...affectedData([entry]) },
      });
    }
  },
});

function newRecent(): Recent {
  return { quick: [noQuick(), noQuick()], other: [noQuick(), noQuick()], slow: [null, null] };
}

function noQuick(): Quick {
  return { connection: -1, requestTime: 0, latency: 0, frame: 0, time: 0 };
}
