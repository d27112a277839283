import { duration, listing, plural } from '../../observations/words.js';
import { type ClientConnection, likePath, type Session } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import type { Confidence, Evidence, Finding, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, affectedOf, incidents, subject } from '../support/affected.js';
import { knownAgain, likeness } from '../support/beginnings.js';
import { laterSessions } from '../support/recovery.js';
import { sessionName } from '../support/sessionName.js';
import { seconds } from '../../observations/seconds.js';
import { accessDenied } from './access-denied.js';
import { connectRefused } from './connect-refused.js';
import { leaderElection } from './leader-election.js';
import { serverStall } from './server-stall.js';
import { hasUnseenServers } from '../support/silentExpiry.js';

/** How the session lost its connection. */
interface Lost {
  readonly session: Session;
  readonly client: string;
  readonly server: string;
  readonly ended: Moment;
  readonly by: 'server' | 'client';
}

interface Abandoned extends Lost {
  readonly next: Session;
  /** Last answer in the old session: since then it was without one. */
  readonly since: number;
  /** When the last of its registrations was made again in the new session; null if it had none, or did not. */
  readonly registered: number | null;
  /** Connect requests of the host in between that were not answered. */
  readonly unanswered: number;
  readonly confidence: Confidence;
}

/**
 * Sessions that nobody took up again, as session-abandoned keeps them.
 * @bound of them
 */
const MAX = 10_000;
/**
 * What these remember of what they did, to be compared with those that follow.
 * @bound bytes
 */
const MAX_BYTES = 8 * 1024 * 1024;
/** Handshakes without an answer that are kept of one host. */
const ATTEMPTS = 1000;
/** Clients that give their sessions up within this time (nanoseconds) of each other do it for the same reason. */
const APART = 30e9;
const CAUSES = [serverStall, leaderElection, connectRefused];

export const sessionAbandoned = defineRule({
  causes: [...CAUSES, accessDenied],
  meta: {
    name: 'session-abandoned',
    summary: 'Clients lose their connection and ask for new sessions instead of the ones that they had',
    documentation: {
      meaning:
        'A session outlives its connection: the client may take it up on another server. This one did not; it asked for a new session though the old one had not expired. What it had registered stays until the old session times out, what it watched is gone, and until it has registered again it is out of service: often far longer than the servers were.',
      proof:
        'The end of the connection by the server (or by the client, with requests unanswered), the handshake of a new session of the same host that began with the same requests, and no answered request for the old id in between, before it expired.',
      lookalikes:
        'A session that expired before, told or silently (session-expired); one that was closed; a process that was stopped, killed or crashed and started anew: it ends its connection itself, with everything answered; a connection that the server closed after AuthFailed (access-denied); another process of the same host.',
      remedy:
        'Look at how long each client was without a session and registered again: that is the outage which its users saw. Use a client that takes its session up again (most do), or register as soon as the new session is there. Some libraries never resume a session (ClickHouse’s own client): shorten their waits.',
    },
    options: {
      prompt: {
        type: 'number',
        default: 2,
        unit: 'seconds',
        description: 'A client that is back, and registered, within this time is no more than a remark',
      },
      alike: {
        type: 'number',
        default: 0.5,
        min: 0,
        max: 1,
        unit: 'share',
        description: 'How much of the first requests of both sessions has to agree',
      },
    },
  },
  endsOnce: true,
  create({ model, options, report, findingsOf, notKept }) {
    const lost: Lost[] = [];
    let bytes = 0;
    /** By host: connect requests that were never answered, and whether any asked for a session by its id. */
    const attempts = new Map<string, { times: number[]; byId: boolean }>();

    function noted(connection: ClientConnection): void {
      const { handshake, host } = connection;
      if (handshake?.request == null) return;
      let entry = attempts.get(host.ip);
      if (entry === undefined) {
        if (attempts.size >= MAX) {
          notKept();
          return;
        }
        attempts.set(host.ip, (entry = { times: [], byId: false }));
      }
      if (handshake.asked !== null && handshake.asked !== '0x0') entry.byId = true;
      if (handshake.response === null && entry.times.length < ATTEMPTS) entry.times.push(handshake.request.time);
    }

    function sessionLost(session: Session): void {
      const connection = session.current;
      if (session.closing !== null || session.connected || connection === null) return;
      if (session.end !== 'open' && session.end !== 'lost') return;
      if (!held(session)) return;
      const how = endOf(connection);
      if (how === null) return;
      if (lost.length >= MAX || bytes + session.bytes > MAX_BYTES) {
        notKept();
        return;
      }
      bytes += session.bytes;
      session.wanted = true;
      lost.push({ session, client: connection.client, server: connection.server.address, ...how });
    }

    /** By whom it was ended, null where that says nothing: a client that stops, or was silent until it expired. */
    function endOf(connection: ClientConnection): { ended: Moment; by: 'server' | 'client' } | null {
      const { tcp, outstanding, session } = connection;
      const timeout = session!.timeoutNs(10e9);
      const own = tcp.toServer.fin ?? tcp.toServer.rst;
      const theirs = tcp.toClient.fin ?? tcp.toClient.rst;
      if (theirs !== null && (own === null || theirs.time < own.time)) {
        // The server closes what has expired, too.
        const silent = theirs.time - connection.lastRequestTime >= 0.9 * timeout;
        return silent ? null : { ended: theirs, by: 'server' };
      }
      const oldest = outstanding.oldest;
      if (own === null || oldest === null) return null;
      // The client has acknowledged more than the capture holds: the answer is among it.
      if (tcp.toClient.acked > tcp.toClient.delivered || tcp.toClient.gapBytes > 0) return null;
      const waited = own.time - oldest.time;
      return waited < Math.min(1e9, timeout / 6) ? null : { ended: own, by: 'client' };
    }

    /** What the host went on with: the first session after it that began alike, or registered the same. */
    function followed(item: Lost, taken: ReadonlySet<Session>): Session | undefined {
      const { session, ended } = item;
      return laterSessions(session, ended.time).find((next) => {
        if (!next.startKnown || taken.has(next)) return false;
        if (registersAlike(session, next)) return true;
        return (session.startKnown ? likeness(session, next) : knownAgain(session, next)) >= options.alike;
      });
    }

    function judge(item: Lost, taken: Set<Session>): Abandoned | null {
      const { session, ended } = item;
      const next = followed(item, taken);
      if (next === undefined) return null;
      const closing = session.id === null ? undefined : model.quorum.closings.get(session.id);
      if (closing !== undefined && closing.time < next.start.time) return null;
      // Which of the host's sessions was asked for is unknown.
      if (session.id === null && attempts.get(session.ip)?.byId === true) return null;
      const between = (attempts.get(session.ip)?.times ?? []).filter((t) => t >= ended.time && t <= next.start.time);
      // It may have expired by then, unless the servers had nobody to expire it.
      const late = next.start.time - session.lastRequestTime >= session.timeoutNs();
      if (late && closing === undefined && between.length === 0) return null;
      taken.add(next);
      const sure = session.holes === 0 && next.holes === 0;
      // It may have asked for the old session at a server of which nothing was captured.
      const unseen = model.quorum.servers.all().length > 0 && hasUnseenServers(model);
      return {
        ...item,
        next,
        since: session.lastResponseTime >= 0 ? session.lastResponseTime : ended.time,
        registered: registeredAgain(session, next),
        unanswered: between.length,
        confidence: (late && closing === undefined) || unseen ? 'possible' : sure ? 'proven' : 'likely',
      };
    }

    return {
      connectionClosed: noted,
      sessionEnded: sessionLost,
      end() {
        for (const connection of model.connections.values()) noted(connection);
        const denied = new Set(findingsOf(accessDenied).flatMap((f) => affectedOf(f).map((e) => e.session)));
        const taken = new Set<Session>();
        const found = lost
          .filter(({ session }) => !denied.has(session.id))
          .sort((a, b) => a.ended.time - b.ended.time)
          .map((item) => judge(item, taken))
          .filter((item) => item !== null);
        for (const group of incidents(
          found,
          (a) => a.confidence,
          (a) => a.ended.time,
          APART,
        )) {
          report(tell(group));
        }
      },
    };

    function tell(group: readonly Abandoned[]): Omit<Finding, 'rule'> {
      const entries = group.map((a): Affected => ({
        client: a.next.client,
        session: a.session.id,
        frames: [a.ended.frame, a.next.start.frame],
        newSession: a.next.id,
        endedBy: a.by,
        withoutSession: seconds(a.next.start.time - a.since),
        registeredAfter: a.registered === null ? null : seconds(a.registered - a.since),
        handshakesUnanswered: a.unanswered,
        ephemeralsLeft: a.session.ephemerals.size,
      }));
      const first = group[0]!;
      const without = Math.max(...group.map((a) => a.next.start.time - a.since));
      const registered = Math.max(...group.map((a) => (a.registered ?? a.next.start.time) - a.since));
      const behind = group.reduce((sum, a) => sum + a.session.ephemerals.size, 0);
      const slow = registered > options.prompt * 1e9;
      const confidence = first.confidence;
      const severity: Severity = confidence !== 'possible' && (behind > 0 || slow) ? 'warning' : 'info';
      const from = Math.min(...group.map((a) => a.ended.time));
      const to = Math.max(...group.map((a) => a.registered ?? a.next.start.time));
      const hosts = [...new Set(group.map((a) => a.session.ip))];
      const never = hosts.every((ip) => attempts.get(ip)?.byId !== true);
      const unanswered = group.reduce((sum, a) => sum + a.unanswered, 0);
      const cause = findingsOf(...CAUSES).find((f) => f.from <= to && f.to >= from - 15e9 && f.severity !== 'info');
      const evidence: Evidence[] = [
        {
          ...first.ended,
          text: `${first.by === 'server' ? first.server : first.client} ends the connection of ${sessionName(first.session.id)}`,
        },
        {
          frame: first.next.start.frame,
          time: first.next.start.time,
          text: `the same host gets a new session, ${first.next.id!}; the old one was not taken up`,
        },
      ];
      const many = group.length > 1;
      const sentences = [
        `${listing(hosts)} lost ${many ? `${group.length} connections` : 'its connection'} and went on in ${many ? 'new sessions' : 'a new session'} though the old ${many ? 'ones' : 'one'} ${confidence === 'possible' ? 'may not have' : 'had not'} expired: without a session for ${many ? 'up to ' : ''}${duration(without)}`,
        registered > without ? `, and not registered again for ${duration(registered)}` : '',
        unanswered > 0 ? `, with ${plural(unanswered, 'handshake')} unanswered in between` : '',
        never ? '; none was ever seen to ask for an old session, as some libraries never do' : '',
      ];
      return {
        severity,
        confidence,
        title: many ? `${group.length} sessions abandoned` : 'Session abandoned',
        message: `${sentences.join('')}.`,
        remedy:
          'Use a client that takes its session up again on another server, or have it register as soon as it has a new session; look at the longest time without a registration, not at that of the servers.',
        ...subject(entries),
        from,
        to,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        cause,
        data: {
          abandoned: group.length,
          longestWithoutSession: seconds(without),
          longestUnregistered: seconds(registered),
          handshakesUnanswered: unanswered,
          ephemeralsLeft: behind,
          ...affectedData(entries),
        },
      };
    }
  },
});

/** It had registered or watched something: of any other session nothing stays behind, and nothing is lost. */
function held(session: Session): boolean {
  if (session.ephemerals.size > 0) return true;
  for (const view of session.views.values()) if (view.everData || view.everChild || view.everPersistent) return true;
  return false;
}

function registersAlike(a: Session, b: Session): boolean {
  for (const path of a.createdEphemerals) if (b.createdEphemerals.has(path)) return true;
  return false;
}

/** When the last ephemeral that the old session had had was created again in the new one. */
function registeredAgain(old: Session, next: Session): number | null {
  let last: number | null = null;
  for (const { path, created } of next.ephemerals.values()) {
    if (created === null || !old.createdEphemerals.has(likePath(path))) continue;
    last = Math.max(last ?? 0, created.time);
  }
  return last;
}
