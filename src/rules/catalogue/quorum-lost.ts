import { duration, listing, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import { zxidText } from '../../protocols/zookeeper/format/stat.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData } from '../support/affected.js';
import { endingOf } from '../support/ending.js';
import { WRITES } from '../support/operations.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { seconds } from '../../observations/seconds.js';
import { connectRefused } from './connect-refused.js';
import { leaderElection } from './leader-election.js';
import { serverStall } from './server-stall.js';

/** What failed at one server while no write was answered by any. */
interface Failed {
  handshakes: number;
  refused: number;
  writes: number;
  /** It answered somebody after its first failure. */
  answers: boolean;
  /** First end of a connection that had served a client. */
  end: (Moment & { readonly text: string }) | null;
}

/** Time from one answered write to the next, whatever the servers. */
interface Gap {
  /** zxid of the answer, -1 where it made a session; the epoch that the servers had shown by then, -1 if none. */
  from: { frame: number; time: number; zxid: number; epoch: number };
  to: (Moment & { readonly zxid: number }) | null;
  readonly servers: Map<string, Failed>;
  readonly clients: Map<string, Affected>;
  /** There were more than are kept. */
  moreClients: boolean;
  firstHandshake: Moment | null;
  lastHandshake: Moment | null;
  firstRefused: Moment | null;
  /** When an answer other than to a write showed that there is a quorum again. */
  back: number;
  /** The earliest and the latest attempt that failed, a write or a handshake; and the latest refused connection. */
  firstAttempt: Moment | null;
  lastAttempt: Moment | null;
  lastRefused: Moment | null;
  /** Places of the capture where answers may be missing. */
  holes: number;
  /** Epoch that an answer showed after it, -1 while none. */
  epoch: number;
}

/** What a gap has when it begins. */
const NOTHING_YET = {
  to: null,
  moreClients: false,
  firstHandshake: null,
  lastHandshake: null,
  firstRefused: null,
  back: Infinity,
  firstAttempt: null,
  lastAttempt: null,
  lastRefused: null,
  holes: 0,
  epoch: -1,
};

const OUTWEIGHS = 10;
const EPOCH = 2 ** 32;
/**
 * Stretches in which no write was answered.
 * @bound gaps
 */
const MAX_GAPS = 500;
/**
 * Clients of one stretch that are told apart.
 * @bound clients
 */
const MAX_CLIENTS = 2000;
/** From how long on (nanoseconds) it is said that nobody wrote before the outage. */
const QUIET = 1e9;
/**
 * Servers of one time without a quorum, as quorum-lost knows them.
 * @bound servers
 */
const MAX_SERVERS = 1024;
const EXPLAINS = [connectRefused, serverStall, leaderElection];

export const quorumLost = defineRule({
  meta: {
    name: 'quorum-lost',
    summary: 'No server answers a write, handshakes are closed without an answer, then a new epoch begins',
    documentation: {
      meaning:
        'Too few servers are left to decide anything: the ensemble stops. Connections of all servers end, connect requests are closed without an answer or refused, no write is answered on any server until enough servers are back and a new epoch begins. No session is lost by it: the new leader starts all timers anew.',
      proof:
        'The last answered write, the attempts that failed on every server that has clients, the first answered write of the new epoch. The time is counted from the last answered write to the last attempt that failed: a time in which nobody asks is no outage.',
      lookalikes:
        'One server that is restarted while others answer writes; a leader that is replaced within a moment (leader-election); a long time between two writes in which nobody tried; the capture of one server only; the outage of a single client; a new leader that shows its epoch while nobody writes, and one server that stays away.',
      remedy:
        'Bring back the servers that are gone (connect-refused, server-stall name them). Spread an ensemble so that one event cannot take a majority; restart one server at a time.',
    },
    options: {
      seconds: {
        type: 'number',
        default: 5,
        unit: 'seconds',
        description: 'How long no write is answered although somebody tries',
      },
    },
  },
  consequences: EXPLAINS,
  endsOnce: true,
  create({ model, options, report, findingsOf, notKept }) {
    const gaps: Gap[] = [];
    let current: Gap | null = null;
    /** It ended with a new session, whose answer has no zxid: the next answer shows the epoch. */
    let unresolved: Gap | null = null;
    let expired = 0;
    const expirations: number[] = [];

    function begin(from: Gap['from']): void {
      current = { from, servers: new Map(), clients: new Map(), ...NOTHING_YET };
    }

    /** A write was answered: the quorum stands. */
    function answered(zxid: number, time: number, frame: number): void {
      const gap = current;
      if (gap !== null && time - gap.from.time < options.seconds * 1e9 && gap.holes === 0 && gap.servers.size === 0) {
        // The usual case: the same object goes on.
        const { from } = gap;
        from.frame = frame;
        from.time = time;
        from.zxid = zxid;
        if (zxid > 0) from.epoch = epochOf(zxid);
        return;
      }
      const shown = zxid > 0 ? zxid : highestShown();
      const at = { frame, time, zxid, epoch: shown > 0 ? epochOf(shown) : -1 };
      if (gap === null) {
        begin(at);
        return;
      }
      if (time - gap.from.time < options.seconds * 1e9 || gaps.length >= MAX_GAPS) {
        // Too short to be told of, as nearly all are where connections fail now and then.
        if (gaps.length >= MAX_GAPS && time - gap.from.time >= options.seconds * 1e9) notKept();
        again(gap, at);
        return;
      }
      gap.to = at;
      if (zxid > 0) gap.epoch = at.epoch;
      else unresolved = gap;
      gaps.push(gap);
      // A moment of its own, since that of the next gap moves on with every write.
      begin({ ...at });
    }

    function highestShown(): number {
      let highest = -1;
      for (const server of model.servers.values()) if (server.zxid > highest) highest = server.zxid;
      return highest;
    }

    /** The same object for the next gap: nobody knows of it. */
    function again(gap: Gap, from: Gap['from']): void {
      if (gap.servers.size > 0) gap.servers.clear();
      if (gap.clients.size > 0) gap.clients.clear();
      Object.assign(gap, { from, ...NOTHING_YET });
    }

    function gapAt(time: number): Gap | null {
      if (current !== null && time >= current.from.time) return current;
      const last = gaps.at(-1);
      return last !== undefined && time >= last.from.time && time <= (last.to?.time ?? Infinity) ? last : null;
    }

    function failedOf(gap: Gap, connection: ClientConnection): Failed {
      const { address } = connection.server;
      let failed = gap.servers.get(address);
      if (failed === undefined) {
        failed = { handshakes: 0, refused: 0, writes: 0, answers: false, end: null };
        if (gap.servers.size < MAX_SERVERS) gap.servers.set(address, failed);
        else notKept();
      }
      return failed;
    }

    function touch(gap: Gap, connection: ClientConnection, frame: number): void {
      const { ip } = connection.host;
      if (gap.clients.has(ip)) return;
      if (gap.clients.size >= MAX_CLIENTS) {
        // Once a gap: of the others nobody knows how many they are.
        if (!gap.moreClients) notKept();
        gap.moreClients = true;
        return;
      }
      const session = connection.session?.id ?? connection.handshake?.asked ?? null;
      gap.clients.set(ip, { client: connection.client, session: session === '0x0' ? null : session, frames: [frame] });
    }

    function closed(connection: ClientConnection): void {
      const { tcp, handshake } = connection;
      if (tcp.refused !== null) {
        const gap = gapAt(tcp.refused.time);
        if (gap === null) return;
        failedOf(gap, connection).refused++;
        gap.firstRefused ??= tcp.refused;
        if (tcp.refused.time < gap.back) gap.lastRefused = tcp.refused;
        touch(gap, connection, tcp.refused.frame);
        return;
      }
      const request = handshake?.request ?? null;
      if (request !== null && handshake?.response === null && connection.responses === 0) {
        if (connection.gaps > 0) return;
        const gap = gapAt(request.time);
        if (gap === null) return;
        failedOf(gap, connection).handshakes++;
        gap.firstHandshake ??= request;
        gap.lastHandshake = request;
        attempted(gap, request);
        touch(gap, connection, request.frame);
        return;
      }
      const ending = endingOf(connection);
      if (ending === null) return;
      // A client that leaves tells nothing.
      const gap = ending.by === 'server' && connection.responses > 0 ? gapAt(ending.time) : null;
      if (gap !== null) {
        failedOf(gap, connection).end ??= { ...ending, text: `${ending.kind} of ${connection.server.address}` };
        touch(gap, connection, ending.frame);
      }
      if (connection.gaps > 0 || connection.outstanding.size === 0) return;
      for (const waiting of connection.outstanding) {
        if (!WRITES.has(waiting.opcode) || waiting.opcode === OpCode.closeSession) continue;
        const during = gapAt(waiting.time);
        if (during === null || (ending.by === 'server' && waiting.time > ending.time)) continue;
        failedOf(during, connection).writes++;
        attempted(during, waiting);
      }
    }

    function attempted(gap: Gap, { frame, time }: Moment): void {
      // What fails from then on is the trouble of one server.
      if (time > gap.back) return;
      if (gap.firstAttempt === null || time < gap.firstAttempt.time) gap.firstAttempt = { frame, time };
      if (gap.lastAttempt === null || time > gap.lastAttempt.time) gap.lastAttempt = { frame, time };
    }

    return {
      withoutPings: true,
      response(m, connection) {
        const request = m.request;
        if (request === null) return;
        if (unresolved !== null && m.zxid > 0) {
          unresolved.epoch = epochOf(m.zxid);
          unresolved = null;
        }
        const failing = current?.servers.size === 0 ? undefined : current?.servers.get(connection.server.address);
        if (failing !== undefined && failing.handshakes + failing.refused + failing.writes > 0) failing.answers = true;
        if (WRITES.has(request.opcode)) answered(m.zxid, m.time, m.frame);
        else if (current !== null && current.servers.size > 0 && m.zxid > 0 && current.epoch < 0) {
          const epoch = epochOf(m.zxid);
          if (current.from.epoch >= 0 && epoch > current.from.epoch) {
            current.epoch = epoch;
            current.back = Math.min(current.back, m.time);
          }
        }
      },
      sessionAttached(_session, connection, resumed) {
        const { response, asked } = connection.handshake!;
        // A new session is a write; to take up an old one is not.
        if (response === null) return;
        if (!resumed && asked === '0x0') answered(-1, response.time, response.frame);
        // It had left handshakes unanswered, and takes sessions in: it is part of a quorum again.
        const failed = current?.servers.get(connection.server.address);
        if (resumed && failed !== undefined && failed.handshakes > 0)
          current!.back = Math.min(current!.back, response.time);
      },
      gap(gap) {
        if (current !== null && gap.reason !== 'foreign' && gap.reason !== 'encrypted') current.holes++;
      },
      sessionExpired(_session, connection) {
        expired++;
        if (expirations.length < MAX_CLIENTS) expirations.push(connection.handshake!.response!.time);
        else notKept();
      },
      connectionClosed: closed,
      end() {
        for (const connection of model.connections.values()) if (connection.tcp.end !== 'open') closed(connection);
        if (current !== null) gaps.push(current);
        for (const gap of gaps) judge(gap);
      },
    };

    function judge(gap: Gap): void {
      const clientsOf = [...model.servers.values()]
        .filter((server) => server.responses > 0)
        .map(({ address }) => address);
      if (clientsOf.length < 2) return;
      const failed = (server: string): Failed | undefined => gap.servers.get(server);
      const everywhere = clientsOf.every((server) => {
        const at = failed(server);
        return at !== undefined && at.handshakes + at.refused + at.writes > 0;
      });
      if (!everywhere) return;
      const allRefuse = clientsOf.every((server) => (failed(server)?.refused ?? 0) > 0);
      const lasts = [gap.lastAttempt, allRefuse ? gap.lastRefused : null].filter((place) => place !== null);
      if (lasts.length === 0) return;
      const last = lasts.reduce((a, b) => (b.time > a.time ? b : a));
      if (last.time - gap.from.time <= options.seconds * 1e9) return;
      // The servers say themselves when they had a leader again.
      const elected = findingsOf(leaderElection).filter(
        (f) => f.confidence === 'proven' && f.from <= last.time && f.to >= gap.from.time,
      );
      if (elected.length > 0 && Math.max(...elected.map(({ to }) => to)) - gap.from.time < options.seconds * 1e9)
        return;
      // Where frames are missing, answers may be: what failed has to outweigh that by far.
      const failures = [...gap.servers.values()].reduce((n, f) => n + f.handshakes + f.refused, 0);
      if (failures < gap.holes * OUTWEIGHS) return;
      const before = gap.from.epoch;
      const after = gap.epoch;
      const stepped = before >= 0 && after > before;
      // Writes are answered again in the epoch of before: nobody was elected, something else held them up.
      if (!stepped && gap.to !== null && after >= 0 && before >= 0) return;
      if (!stepped && [...gap.servers.values()].some(({ answers }) => answers)) return;
      tell(gap, last, clientsOf, before, after, stepped);
    }

    function tell(
      gap: Gap,
      last: Moment,
      servers: readonly string[],
      before: number,
      after: number,
      stepped: boolean,
    ): void {
      const sum = (of: (failed: Failed) => number): number => [...gap.servers.values()].reduce((n, f) => n + of(f), 0);
      const handshakes = sum((f) => f.handshakes);
      const refused = sum((f) => f.refused);
      const until = gap.to?.time ?? last.time;
      // Between the last answered write and the first thing that failed nobody asked for anything.
      const ends = [...gap.servers.values()].flatMap(({ end }) => (end === null ? [] : [end.time]));
      const firsts = [gap.firstAttempt, gap.firstHandshake, gap.firstRefused].flatMap((m) =>
        m === null ? [] : [m.time],
      );
      const began = Math.max(gap.from.time, Math.min(...ends, ...firsts));
      const idle = began - gap.from.time;
      const lost = expirations.filter((time) => time >= gap.from.time && time <= until + 60e9).length;
      const evidence: Evidence[] = [
        {
          frame: gap.from.frame,
          time: gap.from.time,
          text: `the last answered write${gap.from.zxid > 0 ? `, zxid ${zxidText(gap.from.zxid)}` : ''}`,
        },
      ];
      for (const server of servers) {
        const end = gap.servers.get(server)?.end;
        if (end != null)
          evidence.push({
            frame: end.frame,
            time: end.time,
            text: `${end.text}: the first connection of ${server} that ends`,
          });
      }
      if (gap.firstHandshake !== null)
        evidence.push({ ...gap.firstHandshake, text: 'the first connect request without an answer' });
      if (gap.firstRefused !== null) evidence.push({ ...gap.firstRefused, text: 'the first refused connection' });
      if (gap.lastHandshake !== null && gap.lastHandshake !== gap.firstHandshake) {
        evidence.push({ ...gap.lastHandshake, text: 'the last connect request without an answer' });
      }
      if (gap.to !== null) {
        const { frame, time, zxid } = gap.to;
        evidence.push({
          frame,
          time,
          text: `the first answered write${zxid > 0 ? `, zxid ${zxidText(zxid)}` : ' (a new session)'}`,
        });
      }
      const consequences = findingsOf(...EXPLAINS).filter(
        (f) =>
          f.from <= until &&
          f.to >= gap.from.time &&
          (f.rule === leaderElection.meta.name || (f.server !== undefined && gap.servers.has(f.server))),
      );
      // Nobody was gone: one that hung held up the others until they elected another leader.
      const stalled = consequences.flatMap(({ rule, server }) => (rule === serverStall.meta.name ? [server] : []));
      const hung = refused === 0 ? stalled.filter((server) => server !== undefined) : [];
      const entries = [...gap.clients.values()];
      const clients = new Set(entries.map((e) => e.client)).size;
      report({
        severity: 'error',
        confidence: stepped && servers.length > 2 ? 'proven' : 'likely',
        title: hung.length > 0 ? `Nobody could write: ${listing(hung, 2)} hung` : 'The ensemble had no quorum',
        message: `No server answered a write for ${duration(until - began)}${gap.to === null ? ' (until the end of the capture)' : ''}${idle > QUIET ? `, and nobody had written in the ${duration(idle)} before` : ''}: ${plural(handshakes, 'connect request')} went without an answer${refused === 0 ? '' : ` and ${plural(refused, 'connection')} were refused`} on ${plural(servers.length, 'server')}, ${gap.moreClients ? 'more than ' : ''}${plural(clients, 'client host')} ${clients === 1 ? 'was' : 'were'} touched${stepped ? `; the epoch goes from ${before} to ${after}` : ''}${lost === 0 && expired === 0 ? '; no session was lost' : ''}.`,
        remedy:
          hung.length > 0
            ? `Find out what stopped the process of ${listing(hung, 2)} (garbage collection, disk, a suspended machine): the others take syncLimit × tickTime to give up a leader that hangs.`
            : 'Find out why a majority of the servers was gone at once (connect-refused and server-stall name them), and bring them back one at a time.',
        from: began,
        to: until,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          epochs: stepped ? [before, after] : before >= 0 ? [before] : [],
          seconds: seconds(until - gap.from.time),
          untilLastAttempt: seconds(last.time - gap.from.time),
          unansweredHandshakes: handshakes,
          refused,
          unansweredWrites: sum((f) => f.writes),
          sessionsLost: lost,
          servers: [...gap.servers].map(([server, { handshakes: h, refused: r, end }]) => ({
            ...{ server, unansweredHandshakes: h, refused: r, firstEnd: end?.frame ?? null },
          })),
          ...affectedData(entries),
        },
        consequences,
      });
    }
  },
});

function epochOf(zxid: number): number {
  return Math.floor(zxid / EPOCH);
}
