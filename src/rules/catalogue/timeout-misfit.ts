import { duration, listing, plural } from '../../observations/words.js';
import { type ClientConnection, makeRoom, type Session } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, subject } from '../support/affected.js';
import { seconds } from '../../observations/seconds.js';

interface Misfit {
  readonly session: string | null;
  readonly client: string;
  readonly asked: number;
  readonly granted: number;
  readonly response: Moment;
}

/** A time in which the process stood still. */
interface Stall {
  readonly from: Moment;
  readonly to: Moment;
  readonly how: 'data' | 'new connection';
}

interface Stalled {
  readonly session: Session;
  readonly stalls: readonly Stall[];
  readonly longest: Stall;
  readonly asked: number | null;
  /** When its session was told to have expired. */
  readonly gone: Moment | null;
}

/** A connection that ended after the client had fallen silent on it. */
interface Left {
  readonly since: Moment;
  /** The client's first sign of life after that: its FIN or RST, or another connection of its host; null while there is none. */
  sign: Moment | null;
}

/** When a host opened connections lately, and who waits for the next. */
interface Opens {
  readonly times: Moment[];
  waiting: readonly Left[];
}

const NOBODY: readonly Left[] = [];

/**
 * Sessions, as timeout-misfit keeps them.
 * @bound of them
 */
const MAX = 10_000;
/**
 * Hosts of which timeout-misfit knows when they opened connections, and how many of those.
 * @bound hosts
 */
const MAX_HOSTS = 4096;
const OPENS = 16;
const LEFT = 32;
/** A FIN so soon (nanoseconds) after the server's is no sign that a process which had stood still goes on. */
const ECHO = 50e6;

export const timeoutMisfit = defineRule({
  meta: {
    name: 'timeout-misfit',
    summary: 'The session timeout is another than was asked for, or too short for pauses of the client’s process',
    documentation: {
      meaning:
        'The servers grant a timeout between minSessionTimeout and maxSessionTimeout, whatever a client asks for (info by itself). Where the process of the client stands still for longer than two thirds of what was granted (garbage collection, a stopped or starved machine), its sessions hang by a thread: a warning if the session lived on, an error if it expired.',
      proof:
        'The values of the handshake; the last frame before and the first after each silence; and that it was the process: its kernel acknowledged what the server sent meanwhile, or the silence ends with data on the same connection.',
      lookalikes:
        'A client that is gone; a cut network (nothing is acknowledged, then come retransmissions); a silence of the server, whose answer the client waits for; a short timeout that is easily kept.',
      remedy:
        'Ask for a timeout longer than the longest pause that is normal, and raise maxSessionTimeout (20 × tickTime unless set) if the servers do not grant it. Look for the pause: GC logs, swapping, a suspended or starved virtual machine.',
    },
    options: {
      ratio: {
        type: 'number',
        default: 2,
        min: 1,
        unit: 'times',
        description: 'How far granted and asked must differ',
      },
      silence: {
        type: 'number',
        default: 0.67,
        min: 0.5,
        max: 2,
        unit: 'session timeouts',
        description: 'From which length on a silence is a stall',
      },
    },
  },
  create({ model, options, report, notKept }) {
    const misfits: Misfit[] = [];
    const left = new Map<Session, Left[]>();
    /** Handshakes for a session that existed. */
    const back = new Map<Session, number[]>();
    const opens = new Map<string, Opens>();
    const stalled: Stalled[] = [];

    function limit(session: Session): number {
      return session.timeoutNs() * options.silence;
    }

    function returned(session: Session, connection: ClientConnection): void {
      const times = back.get(session) ?? [];
      if (times.length < LEFT) times.push(connection.handshake?.request?.time ?? model.lastTime);
      if (back.size < MAX || back.has(session)) back.set(session, times);
      else notKept();
    }

    /** It was the process, not the network: what the server sent in the silence was acknowledged at once. */
    function acknowledged({ tcp }: ClientConnection, since: Moment): boolean {
      const { toClient } = tcp;
      const fin = toClient.fin;
      return (
        fin !== null &&
        fin.time > since.time &&
        toClient.finAcked &&
        toClient.finRepeats === 0 &&
        toClient.unackedRetransmissions === 0
      );
    }

    /**
     * The client's own end of the connection; null where the server gave it up after a silence, and the client only
     * echoes that FIN, as a proxy before a stopped process does.
     */
    function ownEnd({ tcp }: ClientConnection, since: Moment, least: number): Moment | null {
      const own = tcp.toServer.fin ?? tcp.toServer.rst;
      const theirs = tcp.toClient.fin;
      if (own === null || theirs === null || theirs.time - since.time < least) return own;
      return own.time >= theirs.time && own.time - theirs.time < ECHO ? null : own;
    }

    function opensOf(ip: string): Opens {
      let known = opens.get(ip);
      if (known === undefined) {
        makeRoom(opens, MAX_HOSTS);
        opens.set(ip, (known = { times: [], waiting: NOBODY }));
      }
      return known;
    }

    /** Null where the host opened so many connections since that nobody knows the first. */
    function leftBehind(ip: string, since: Moment, own: Moment | null): Left | null {
      const known = opensOf(ip);
      const { times } = known;
      if (times.length >= OPENS && times[0]!.time > since.time) return null;
      const signs = [...times, ...(own === null ? [] : [own])].filter(({ time }) => time > since.time);
      const sign = signs.length === 0 ? null : signs.reduce((a, b) => (b.time < a.time ? b : a));
      const one = { since, sign };
      if (sign === null) known.waiting = [...known.waiting.slice(1 - LEFT), one];
      return one;
    }

    /** The host opens a connection: those who waited for a sign have it. */
    function answered(ip: string, start: Moment): void {
      const known = opensOf(ip);
      for (const one of known.waiting) if (start.time > one.since.time) one.sign ??= start;
      known.waiting = NOBODY;
    }

    function stallsOf(session: Session): Stall[] {
      const least = limit(session);
      const stalls: Stall[] = session.silences
        .filter(({ from, to }) => to.time - from.time > least && !session.uncertainSince(from.time))
        .map(({ from, to }) => ({ from, to, how: 'data' }));
      for (const { since, sign } of left.get(session) ?? []) {
        if (sign === null || session.uncertainSince(since.time)) continue;
        if (!(back.get(session) ?? []).some((time) => time > since.time)) continue;
        if (sign.time - since.time > least) stalls.push({ from: since, to: sign, how: 'new connection' });
      }
      return stalls.sort((a, b) => a.from.time - b.from.time);
    }

    function judge(session: Session): void {
      const stalls = session.silences.length > 0 || left.has(session) ? stallsOf(session) : [];
      if (stalls.length > 0 && session.timeout !== null) {
        const longest = stalls.reduce((a, b) => (lengthOf(b) > lengthOf(a) ? b : a));
        const gone = session.end === 'expired' ? session.endMoment : null;
        if (stalled.length < MAX) stalled.push({ session, stalls, longest, asked: session.timeoutAsked, gone });
        else notKept();
      }
      left.delete(session);
      back.delete(session);
    }

    return {
      withoutPings: true,
      connectionOpened({ host: { ip }, tcp: { start } }) {
        const { times, waiting } = opensOf(ip);
        if (waiting !== NOBODY) answered(ip, start);
        times.push(start);
        if (times.length > OPENS) times.shift();
      },
      sessionAttached(session, connection, resumed) {
        if (resumed) returned(session, connection);
        const { timeoutAsked: asked, timeoutGranted: granted, response } = connection.handshake!;
        if (asked === null || granted === null || response === null || asked <= 0 || granted <= 0) return;
        if (granted * options.ratio >= asked && granted <= asked * options.ratio) return;
        if (resumed) return;
        if (misfits.length < MAX)
          misfits.push({ session: session.id, client: connection.client, asked, granted, response });
        else notKept();
      },
      sessionExpired(session, connection) {
        if (session === null) return;
        returned(session, connection);
      },
      connectionClosed(connection) {
        const { session } = connection;
        if (session === null || connection.lastRequestTime < 0 || connection.outstanding.size > 0) return;
        const since =
          connection.lastResponseTime > connection.lastRequestTime
            ? { frame: connection.lastResponseFrame, time: connection.lastResponseTime }
            : { frame: connection.lastRequestFrame, time: connection.lastRequestTime };
        const end = connection.tcp.endMoment;
        if (end === null || connection.closeSession !== null || !acknowledged(connection, since)) return;
        const list = left.get(session) ?? [];
        const one =
          list.length < LEFT ? leftBehind(session.ip, since, ownEnd(connection, since, limit(session))) : null;
        if (one !== null) list.push(one);
        if (left.size < MAX || left.has(session)) left.set(session, list);
        else notKept();
      },
      sessionEnded: judge,
      end() {
        for (const group of together(stalled)) tellStalled(group);
        if (misfits.length > 0) tellMisfits();
      },
    };

    /** Clients that stood still together are one event: a machine below them, or somebody's hand. */
    function tellStalled(group: readonly Stalled[]): void {
      const first = group[0]!;
      const longest = Math.max(...group.map((one) => lengthOf(one.longest)));
      const enough = Math.ceil((longest * 1.5) / 1e9);
      const entries = group.map(({ session, stalls, asked }): Affected => ({
        ...affectedBy(session),
        frames: stalls.flatMap(({ from, to }) => [from.frame, to.frame]),
        asked,
        granted: session.timeout,
        stalls: stalls.map((stall) => seconds(lengthOf(stall))),
      }));
      const shown = group.length === 1 ? first.stalls.slice(0, 3) : [first.longest];
      const evidence: Evidence[] = shown.flatMap(({ from, to, how }) => [
        {
          ...from,
          text: `the last frame before ${group.length === 1 ? 'the client' : first.session.client} falls silent`,
        },
        {
          ...to,
          text: `its next sign of life, ${duration(to.time - from.time)} later (${how === 'data' ? 'a request on the same connection' : 'it leaves that connection, or opens another'})`,
        },
      ]);
      const gone = first.gone;
      if (gone !== null) evidence.push({ ...gone, text: 'its session has expired' });
      report({
        severity: gone === null ? 'warning' : 'error',
        confidence: 'proven',
        title: `The session timeout is too short for ${group.length === 1 ? 'this client' : 'these clients'}`,
        message: `${stillness(group)}. ${enough} s would have been long enough.`,
        remedy:
          'See what stops the process (garbage collection, swapping, a suspended machine), and ask for a longer timeout; raise maxSessionTimeout at the servers if they do not grant it.',
        ...subject(entries),
        from: Math.min(...group.map(({ stalls }) => stalls[0]!.from.time)),
        to: Math.max(...group.map(({ stalls, gone: end }) => Math.max(stalls.at(-1)!.to.time, end?.time ?? 0))),
        evidence: evidence.sort((x, y) => x.frame - y.frame),
        data: {
          stalls: group.reduce((sum, { stalls }) => sum + stalls.length, 0),
          longest: seconds(longest),
          asked: first.asked,
          granted: first.session.timeout,
          expired: gone !== null,
          ...affectedData(entries),
        },
      });
    }

    function stillness(group: readonly Stalled[]): string {
      const { session, stalls, asked, gone } = group[0]!;
      const granted = session.timeout;
      const wanted = asked !== null && asked !== granted ? ` (it had asked for ${duration(asked * 1e6)})` : '';
      const timeout = `with a session timeout of ${duration(granted! * 1e6)}${wanted}`;
      if (group.length === 1) {
        const lengths = stalls.map((stall) => duration(lengthOf(stall)));
        return `${session.client} stood still ${plural(stalls.length, 'time')} (${listing(lengths, 6)}) ${timeout}; its kernel went on acknowledging: the process was stopped, not the network${gone === null ? '' : '; the session expired'}`;
      }
      const longest = Math.max(...group.map((one) => lengthOf(one.longest)));
      return `${plural(group.length, 'client')} stood still at the same time, for up to ${duration(longest)}, ${timeout}; their kernels went on acknowledging: the processes were stopped, not the network${gone === null ? '' : '; their sessions expired'}`;
    }

    function tellMisfits(): void {
      const first = misfits[0]!;
      const pairs = [...new Set(misfits.map((m) => `${duration(m.asked * 1e6)} → ${duration(m.granted * 1e6)}`))];
      const entries = misfits.map((m): Affected => ({
        client: m.client,
        session: m.session,
        frames: [m.response.frame],
        asked: m.asked,
        granted: m.granted,
      }));
      report({
        severity: 'info',
        confidence: 'proven',
        title: 'The timeout granted is not what was asked for',
        message: `${plural(new Set(entries.map((e) => e.client)).size, 'client')} asked for a session timeout that the servers did not grant (${listing(pairs, 5)}: minSessionTimeout and maxSessionTimeout).`,
        remedy: 'Nothing, if that is meant; otherwise set minSessionTimeout and maxSessionTimeout at the servers.',
        ...subject(entries),
        from: first.response.time,
        to: misfits.at(-1)!.response.time,
        evidence: misfits
          .slice(0, 3)
          .map(({ response, asked, granted }) => ({ ...response, text: `asked ${asked} ms, granted ${granted} ms` })),
        data: { pairs, ...affectedData(entries) },
      });
    }
  },
});

function lengthOf({ from, to }: Stall): number {
  return to.time - from.time;
}

/** Those of one timeout and one fate whose longest silences have half of the shorter one in common. */
function together(stalled: readonly Stalled[]): Stalled[][] {
  const groups: Stalled[][] = [];
  for (const one of [...stalled].sort((a, b) => a.longest.from.time - b.longest.from.time)) {
    const { from, to } = one.longest;
    const group = groups.find(([first]) => {
      const { longest, session, gone, asked } = first!;
      const like =
        session.timeout === one.session.timeout && asked === one.asked && (gone === null) === (one.gone === null);
      const common = Math.min(longest.to.time, to.time) - Math.max(longest.from.time, from.time);
      return like && common >= Math.min(lengthOf(longest), lengthOf(one.longest)) / 2;
    });
    if (group === undefined) groups.push([one]);
    else group.push(one);
  }
  return groups;
}
