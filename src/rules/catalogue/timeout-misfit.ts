import { duration, listing, plural } from '../../observations/words.js';
import type { ClientConnection, Session } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, subject } from '../support/affected.js';
import { seconds } from '../../observations/seconds.js';

interface Misfit {
  readonly session: Session;
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
  /** The client's own FIN or RST. */
  readonly own: Moment | null;
}

/**
 * Sessions, as timeout-misfit keeps them.
 * @bound of them
 */
const MAX = 10_000;
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
    /** Handshakes for a session that existed, and by session whether it was answered as expired. */
    const back = new Map<Session, number[]>();
    const expired = new Map<Session, Moment>();
    /** When hosts opened connections lately. */
    const opens = new Map<string, Moment[]>();
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

    function stallsOf(session: Session): Stall[] {
      const least = limit(session);
      const stalls: Stall[] = session.silences
        .filter(({ from, to }) => to.time - from.time > least && !session.uncertainSince(from.time))
        .map(({ from, to }) => ({ from, to, how: 'data' }));
      for (const { since, own } of left.get(session) ?? []) {
        if (!(back.get(session) ?? []).some((time) => time > since.time) || session.uncertainSince(since.time))
          continue;
        const signs = [...(opens.get(session.ip) ?? []), ...(own === null ? [] : [own])].filter(
          ({ time }) => time > since.time,
        );
        if (signs.length === 0) continue;
        const first = signs.reduce((a, b) => (b.time < a.time ? b : a));
        if (first.time - since.time > least) stalls.push({ from: since, to: first, how: 'new connection' });
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
      connectionOpened(connection) {
        const { ip } = connection.host;
        let times = opens.get(ip);
        if (times === undefined) {
          if (opens.size >= MAX) opens.clear();
          opens.set(ip, (times = []));
        }
        times.push(connection.tcp.start);
        if (times.length > OPENS * 4) times.splice(0, times.length - OPENS * 2);
      },
      sessionAttached(session, connection, resumed) {
        if (resumed) returned(session, connection);
        const { timeoutAsked: asked, timeoutGranted: granted, response } = connection.handshake!;
        if (asked === null || granted === null || response === null || asked <= 0 || granted <= 0) return;
        if (granted * options.ratio >= asked && granted <= asked * options.ratio) return;
        if (misfits.length < MAX && !resumed)
          misfits.push({ session, client: connection.client, asked, granted, response });
      },
      sessionExpired(session, connection) {
        if (session === null) return;
        returned(session, connection);
        expired.set(session, connection.handshake!.response!);
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
        if (list.length < LEFT) list.push({ since, own: fin ?? rst });
        if (left.size < MAX) left.set(session, list);
      },
      sessionEnded: judge,
      end() {
        for (const one of stalled) tellStalled(one);
        if (misfits.length > 0) tellMisfits();
      },
    };

    function tellStalled({ session, stalls, asked, granted }: (typeof stalled)[number]): void {
      const gone = expired.get(session);
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
        session: m.session.id,
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
