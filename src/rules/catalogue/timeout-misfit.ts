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
  create({ model, options, report }) {
    const misfits: Misfit[] = [];
    const left = new Map<Session, Left[]>();
    /** Handshakes for a session that existed. */
    const back = new Map<Session, number[]>();
    const opens = new Map<string, Opens>();
    const stalled: { session: Session; stalls: readonly Stall[]; asked: number | null; granted: number | null }[] = [];

    function limit(session: Session): number {
      return session.timeoutNs() * options.silence;
    }

    function returned(session: Session, connection: ClientConnection): void {
      const times = back.get(session) ?? [];
      if (times.length < LEFT) times.push(connection.handshake?.request?.time ?? model.lastTime);
      if (back.size < MAX) back.set(session, times);
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
      if (stalls.length > 0 && session.timeout !== null && stalled.length < MAX) {
        stalled.push({ session, stalls, asked: session.timeoutAsked, granted: session.timeout });
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
        if (misfits.length < MAX && !resumed)
          misfits.push({ session: session.id, client: connection.client, asked, granted, response });
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
        const { fin, rst } = connection.tcp.toServer;
        const list = left.get(session) ?? [];
        const one = list.length < LEFT ? leftBehind(session.ip, since, fin ?? rst) : null;
        if (one !== null) list.push(one);
        if (left.size < MAX) left.set(session, list);
      },
      sessionEnded: judge,
      end() {
        for (const one of stalled) tellStalled(one);
        if (misfits.length > 0) tellMisfits();
      },
    };

    function tellStalled({ session, stalls, asked, granted }: (typeof stalled)[number]): void {
      const gone = session.end === 'expired' ? session.endMoment! : undefined;
      const longest = stalls.reduce((a, b) => (b.to.time - b.from.time > a.to.time - a.from.time ? b : a));
      const length = longest.to.time - longest.from.time;
      const enough = Math.ceil((length * 1.5) / 1e9);
      const lengths = stalls.map(({ from, to }) => duration(to.time - from.time));
      const entry: Affected = {
        ...affectedBy(session),
        frames: stalls.flatMap(({ from, to }) => [from.frame, to.frame]),
        asked,
        granted,
        stalls: stalls.map(({ from, to }) => seconds(to.time - from.time)),
      };
      const shown = stalls.slice(0, 3);
      const evidence: Evidence[] = shown.flatMap(({ from, to, how }) => [
        { ...from, text: 'the last frame before the client falls silent' },
        {
          ...to,
          text: `its next sign of life, ${duration(to.time - from.time)} later (${how === 'data' ? 'a request on the same connection' : 'it leaves that connection'})`,
        },
      ]);
      if (gone !== undefined) evidence.push({ ...gone, text: 'its session has expired' });
      report({
        severity: gone === undefined ? 'warning' : 'error',
        confidence: 'proven',
        title: 'The session timeout is too short for this client',
        message: `${session.client} stood still ${plural(stalls.length, 'time')} (${listing(lengths, 6)}) with a session timeout of ${duration(granted! * 1e6)}${asked !== null && asked !== granted ? ` (it had asked for ${duration(asked * 1e6)})` : ''}; its kernel went on acknowledging: the process was stopped, not the network${gone === undefined ? '' : '; the session expired'}. ${enough} s would have been long enough.`,
        remedy:
          'See what stops the process (garbage collection, swapping, a suspended machine), and ask for a longer timeout; raise maxSessionTimeout at the servers if they do not grant it.',
        ...subject([entry]),
        from: stalls[0]!.from.time,
        to: Math.max(stalls.at(-1)!.to.time, gone?.time ?? 0),
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          stalls: stalls.length,
          longest: seconds(length),
          asked,
          granted,
          expired: gone !== undefined,
          ...affectedData([entry]),
        },
      });
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
