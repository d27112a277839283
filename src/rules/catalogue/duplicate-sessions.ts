import { duration, plural } from '../../observations/words.js';
import type { Host, Session } from '../../model/index.js';
import type { Confidence, Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData } from '../support/affected.js';
import { likeness } from '../support/beginnings.js';
import { seconds } from '../../observations/seconds.js';

/** Sessions of one host that are compared, the latest. */
const COMPARED = 64;

export const duplicateSessions = defineRule({
  meta: {
    name: 'duplicate-sessions',
    summary: 'Several sessions of one host, of which only the newest works: leftovers of earlier instances',
    documentation: {
      meaning:
        'An application was started again while its earlier instance, or its earlier ZooKeeper client, was never closed. The old sessions go on pinging, so their ephemerals stay: one application is registered several times, and callers reach instances that do nothing.',
      proof:
        'Connections of one host, open at the same time, which began with the same requests one after the other; each older one fell silent (pings only) just when the next one began, and only the newest still works: likely. In a capture that starts in mid-stream only the silence is seen: possible.',
      lookalikes:
        'A process with one session to register and one to watch (different work); a connection that ends before the next one begins; many pods behind one address, or several workers, all of which work or all of which wait.',
      remedy:
        'Close the client (closeSession) when a component is stopped or restarted, and see that old processes end: look for them on that host by the client ports given here.',
    },
    options: {
      idle: {
        type: 'number',
        default: 2,
        unit: 'session timeouts',
        description: 'How long a leftover has sent nothing but pings',
      },
      alike: {
        type: 'number',
        default: 0.7,
        min: 0,
        max: 1,
        unit: 'share',
        description: 'How much of their first requests has to agree',
      },
    },
  },
  create({ model, options, report }) {
    /** Session timeout, or three times the interval of its pings where the handshake was not captured. */
    function timeoutOf(session: Session): number {
      if (session.timeout !== null && session.timeout > 0) return session.timeout * 1e6;
      if (session.pings < 3) return 30e9;
      const since = session.lastWorkTime < 0 ? session.start.time : Math.max(session.start.time, session.lastWorkTime);
      return Math.max(((session.lastRequestTime - since) / session.pings) * 3, 1e9);
    }

    const idleSince = (session: Session): number =>
      session.lastWorkTime < 0 ? session.start.time : session.lastWorkTime;

    function isIdle(session: Session): boolean {
      // Sessions that are notified and do nothing are watchers; a leftover is not even that, or has nobody who listens.
      return session.pings >= 3 && session.lastRequestTime - idleSince(session) >= options.idle * timeoutOf(session);
    }

    function works(session: Session, timeout: number): boolean {
      if (session.lastWorkTime < 0) return false;
      return session.lastWorkTime - session.start.time >= timeout && endOf(session) - session.lastWorkTime <= timeout;
    }

    /** Until when it lived: until it was closed, or lost its connection, or the capture ends. */
    function endOf(session: Session): number {
      return session.closing?.time ?? (session.connected ? model.lastTime : session.lastRequestTime);
    }

    return {
      end() {
        for (const host of model.hosts.values()) if (host.sessions.length > 1) look(host);
      },
    };

    function look(host: Host): void {
      const told = new Set<Session>();
      const sessions = host.latestSessions(COMPARED).filter((session) => session.end !== 'expired');
      const candidates = sessions.filter((session) => session.startKnown && session.beginning.length > 0);
      // From the newest on: it takes those before it, each of which began alike and fell silent when the next began.
      for (const newest of [...candidates].reverse()) {
        if (told.has(newest) || !works(newest, timeoutOf(newest))) continue;
        const alike = candidates.filter(
          (other) => other !== newest && !told.has(other) && likeness(other, newest) >= options.alike,
        );
        const chain = handedOver(alike, newest);
        if (chain.length < 2) continue;
        for (const session of chain) told.add(session);
        tell(host, chain, newest, chain.some((session) => session.holes > 0) ? 'possible' : 'likely');
      }
      if (told.size === 0) lookMidStream(host, sessions);
    }

    /** The sessions that were left over, in order, and the one that works; only that one where the story is another. */
    function handedOver(alike: readonly Session[], newest: Session): Session[] {
      const before = alike.filter((session) => session.start.time < newest.start.time);
      // Several that work at a time are workers; one that ended when the next began was restarted in order.
      const beside = (session: Session): boolean => endOf(session) > newest.start.time;
      if (alike.some((session) => beside(session) && works(session, timeoutOf(session)))) return [newest];
      const left = before.filter((session) => beside(session) && isIdle(session));
      const chain = [...left, newest].sort((a, b) => a.start.time - b.start.time);
      const inTurn = chain.slice(0, -1).every((session, i) => {
        const slack = Math.max(2e9, timeoutOf(session) / 2);
        return Math.abs(session.lastWorkTime - chain[i + 1]!.start.time) <= slack;
      });
      return inTurn ? chain : [newest];
    }

    /** What they began with is not in the capture: their silence is all there is. */
    function lookMidStream(host: Host, sessions: readonly Session[]): void {
      const open = sessions.filter((session) => session.connected && session.end === 'open');
      if (open.length < 2) return;
      const timeout = Math.min(...open.map(timeoutOf));
      const working = open.filter((session) => session.closing === null && works(session, timeout));
      const newest = working[0];
      if (working.length !== 1 || newest === undefined) return;
      // What began before the capture is unseen; where packets are missing the work may be among them.
      const unseen = open.filter(
        (s) =>
          s !== newest &&
          isIdle(s) &&
          !s.startKnown &&
          s.work === 0 &&
          s.notifications === 0 &&
          s.holes === 0 &&
          s.current?.tcp.midStream === true,
      );
      // One that pings and one that works may be one process with two sessions by design.
      if (unseen.length < 2 || newest.startKnown || unseen.length !== open.length - 1 || !sameRhythm(unseen)) return;
      tell(host, [...unseen, newest], newest, 'possible');
    }

    function sameRhythm(sessions: readonly Session[]): boolean {
      const intervals = sessions.map((session) => (session.lastRequestTime - session.start.time) / session.pings);
      return Math.max(...intervals) <= Math.min(...intervals) * 1.3;
    }

    function tell(host: Host, sessions: readonly Session[], newest: Session, confidence: Confidence): void {
      const old = sessions.filter((session) => session !== newest);
      const entries = sessions.map((session): Affected => ({
        client: session.client,
        session: session.id,
        frames: [session.start.frame, session.lastRequestFrame],
        pings: session.pings,
        otherRequests: session.work,
        idle: session === newest ? 0 : seconds(endOf(session) - idleSince(session)),
        newest: session === newest,
      }));
      const shortest = Math.min(...old.map((session) => endOf(session) - idleSince(session)));
      const seen = confidence === 'likely';
      const evidence: Evidence[] = [];
      for (const session of sessions.slice(0, 5)) {
        evidence.push({
          frame: session.start.frame,
          time: session.start.time,
          text: `${session.client} ${session.startKnown ? 'begins its session' : 'is first seen'}`,
        });
        if (session !== newest && session.lastWorkTime >= 0) {
          evidence.push({
            frame: session.lastWorkFrame,
            time: session.lastWorkTime,
            text: `its last request other than ping`,
          });
        }
      }
      report({
        // With packets missing, so may be the work of those that look idle.
        severity: sessions.some((session) => session.holes > 0) ? 'info' : 'warning',
        confidence,
        title: 'Leftover sessions beside the one that works',
        message: `${host.ip} holds ${plural(sessions.length, 'session')} at the same time; only that of ${newest.client} works, the others have sent nothing but pings for at least ${duration(shortest)}${seen ? ', each since the next one began the same work' : ' (what they did before is not in the capture)'}.`,
        remedy:
          'Look on that host for old processes, or clients that were never closed, by the client ports given here; close the ZooKeeper client when a component stops.',
        client: host.ip,
        from: Math.min(...sessions.map((session) => session.start.time)),
        to: Math.max(...sessions.map(endOf)),
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: { sessions: sessions.map((session) => session.id), leftovers: old.length, ...affectedData(entries) },
      });
    }
  },
});
