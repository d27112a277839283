import { duration, listing, plural } from '../../observations/words.js';
import { hostOf } from '../../observations/filterPatterns.js';
import type { Follower, Session } from '../../model/index.js';
import type { Evidence, Finding, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, affectedOf, findingOn, incidents, subject } from '../support/affected.js';
import { laterSessions, livedFor } from '../support/recovery.js';
import { type SilentExpiry, silentExpiry, stillAcknowledges } from '../support/silentExpiry.js';
import { seconds } from '../../observations/seconds.js';
import { connectRefused } from './connect-refused.js';
import { connectTimeout } from './connect-timeout.js';
import { ephemeralNotRecreated } from './ephemeral-not-recreated.js';
import { halfOpenConnection } from './half-open-connection.js';
import { pingUnanswered } from './ping-unanswered.js';
import { sessionAbandoned } from './session-abandoned.js';
import { serverStall } from './server-stall.js';
import { timeoutMisfit } from './timeout-misfit.js';
import { watchLostAfterReconnect } from './watch-lost-after-reconnect.js';

interface Expired {
  readonly id: string | null;
  readonly session: Session | null;
  readonly client: string;
  readonly server: string;
  readonly lastZxidSeen: number | null;
  readonly request: { readonly frame: number; readonly time: number } | null;
  readonly frame: number;
  readonly time: number;
}

/**
 * Sessions that expired, as session-expired keeps them.
 * @bound of them
 */
const MAX = 10_000;
const CAUSES = [
  timeoutMisfit,
  sessionAbandoned,
  serverStall,
  connectTimeout,
  connectRefused,
  halfOpenConnection,
  pingUnanswered,
];
const CONSEQUENCES = [ephemeralNotRecreated, watchLostAfterReconnect];

export const sessionExpired = defineRule({
  meta: {
    name: 'session-expired',
    summary: 'The servers ended a session of which they heard nothing: its client was told, or nobody was',
    documentation: {
      meaning:
        'The servers heard nothing of a session for its timeout and ended it: its ephemerals are removed, its watches are gone. The client learns it when it comes back. Whether that is an outage depends on what the client then does: an error if it never came back to what it had registered and watched, a warning if it did: also where others were told that its ephemerals went, since each was made again under the new session. What made it expire has a severity of its own (timeout-misfit is an error where a session was lost by it), and the incident has that of the worst.',
      proof:
        'A connect request with a session id, answered with session 0 and timeout 0. Or, told to nobody: the leader’s proposal of closeSession on the quorum port that no client has asked for; without that port, its ephemerals that vanish when its silence has reached the timeout (likely).',
      lookalikes:
        'A connect request with session 0 (a new client, or one that gave its session up by itself); a handshake without an answer (the server closed, it was starting or had no quorum). A client that had closed its connection itself with everything answered was stopped: its session expires too, which is a remark at most.',
      remedy:
        'Find out why the servers did not hear of it (half-open-connection, connect-timeout, connect-refused, server-stall, or a pause of the client’s own process). Choose a session timeout longer than the pauses that are normal. Handle Expired: register and watch again in the new session.',
    },
    options: {
      grace: {
        type: 'number',
        default: 5,
        unit: 'seconds',
        description: 'How much of the capture has to follow before a client that does not come back counts',
      },
    },
  },
  causes: CAUSES,
  consequences: CONSEQUENCES,
  create({ model, options, report, findingsOf, notKept }) {
    const expired: Expired[] = [];
    const silent: SilentExpiry[] = [];
    let more = 0;

    function isNeglected({ id }: Expired): boolean {
      if (id === null) return false;
      return findingsOf(...CONSEQUENCES).some(
        (f) => f.severity !== 'info' && affectedOf(f).some((e) => e['oldSession'] === id),
      );
    }

    function severityOf(expired: Expired): Severity {
      const { id, session, client, time, lastZxidSeen } = expired;
      if (isNeglected(expired)) return 'error';
      // The request is not in the capture, or the client never had an answer from any server: whose it was is unknown.
      if (session === null && (id === null || lastZxidSeen === 0)) return 'info';
      if (session === null || session.holes > 0) return 'warning';
      const held =
        session.ephemerals.size > 0 || [...session.views.values()].some((view) => view.dataWatch ?? view.childWatch);
      if (!held || model.lastTime - time < options.grace * 1e9) return 'warning';
      // Nobody of that host came back at all.
      const hosts = model.hosts.get(hostOf(client));
      const back =
        laterSessions(session, time).some((other) => livedFor(other) > 0) ||
        (hosts?.sessions.some((s) => s.id === null && s.lastTime > time) ?? true);
      return back ? 'warning' : 'error';
    }

    return {
      sessionExpired(session, connection) {
        if (expired.length >= MAX) {
          more++;
          notKept();
          return;
        }
        const { asked, request, response } = connection.handshake!;
        expired.push({
          id: asked,
          session,
          client: connection.client,
          server: connection.server.address,
          lastZxidSeen: connection.handshake!.lastZxidSeen,
          request,
          frame: response!.frame,
          time: response!.time,
        });
      },
      sessionEnded(session) {
        const ended = silentExpiry(model, session);
        if (ended === null) return;
        if (silent.length < MAX) silent.push(ended);
        else notKept();
      },
      end() {
        tellSilent();
        for (const group of incidents(expired, severityOf, (e) => e.time, 60e9)) {
          const first = group[0]!;
          const severity = severityOf(first);
          const entries = group.map((e): Affected => ({
            client: e.client,
            session: e.id,
            frames: e.request === null ? [e.frame] : [e.request.frame, e.frame],
            server: e.server,
            timeout: e.session?.timeout ?? null,
            ...(e.session === null ? {} : { silentFor: seconds(e.time - silentSince(e.session)) }),
            ...(e.session?.followedBy?.id == null ? {} : { newSession: e.session.followedBy.id }),
            ...(awayFor(e) === null ? {} : { awayFor: seconds(awayFor(e)!) }),
          }));
          const hosts = new Set(group.map(({ client }) => hostOf(client)));
          const ids = new Set(group.map(({ id }) => id));
          // What lay in the time in which the servers heard nothing, and not what the host met with later.
          const since = Math.min(...group.map((e) => (e.session === null ? e.time : silentSince(e.session))));
          const meanwhile = findingsOf(...CAUSES).filter((f) => f.from <= group.at(-1)!.time && f.to >= since);
          const cause =
            findingOn(meanwhile, (e) => e.session !== null && ids.has(e.session)) ??
            findingOn(meanwhile, (e) => hosts.has(hostOf(e.client)));
          const consequences = findingsOf(...CONSEQUENCES).filter((f) =>
            affectedOf(f).some((e) => typeof e['oldSession'] === 'string' && ids.has(e['oldSession'])),
          );
          const neglect = severity === 'error' && group.some(isNeglected);
          const who = group.length === 1 ? first.client : plural(new Set(group.map((e) => e.client)).size, 'client');
          const silent = first.session === null ? null : first.time - silentSince(first.session);
          const timeout = first.session?.timeout ?? null;
          const evidence: Evidence[] = [];
          if (first.request !== null) {
            evidence.push({ ...first.request, text: `connect request for session ${first.id ?? ''}` });
          }
          evidence.push({ frame: first.frame, time: first.time, text: 'the answer: session 0, timeout 0, expired' });
          report({
            severity,
            confidence: first.request === null ? 'likely' : 'proven',
            title: group.length === 1 ? 'Session expired' : `${group.length} sessions expired`,
            message: `${who} came back for ${group.length === 1 ? `session ${first.id ?? '(not captured)'}` : plural(group.length, 'session')}${silent === null ? '' : ` after ${duration(silent)} of silence`}${timeout === null ? '' : ` (timeout ${duration(timeout * 1e6)})`} and ${group.length === 1 ? 'was' : 'were'} told that ${group.length === 1 ? 'it has' : 'they have'} expired${after(group, severity, neglect)}.${group.every(isPaused) ? stopped(group.length > 1) : ''}`,
            remedy:
              severity === 'error' && !neglect
                ? 'Find out why the client gave up: its process may have ended, or waits for a restart by hand.'
                : neglect
                  ? 'Handle Expired in the application: create ephemerals and watches again in the new session (see ephemeral-not-recreated); and remove the cause of the silence.'
                  : 'The client recovered. Remove the cause of the silence, or choose a session timeout longer than it.',
            ...subject(entries),
            ...(group.length === 1 ? { server: first.server } : {}),
            from: first.time,
            to: group.at(-1)!.time,
            evidence,
            unrepaired: severity === 'error' && !neglect ? `${listing([...hosts])} never came back` : undefined,
            cause,
            consequences,
            data: {
              expired: group.length,
              ...(more > 0 ? { notCounted: more } : {}),
              servers: [...new Set(group.map((e) => e.server))],
              recovered: severity !== 'error',
              ...affectedData(entries),
              oldSessions: listing(
                group.map((e) => e.id ?? 'unknown'),
                20,
              ),
            },
          });
        }
      },
    };

    /** Nobody was told: by what became of the client. */
    function tellSilent(): void {
      const judged = silent.map((item) => ({ ...item, ...weigh(item) }));
      const key = (item: Silent): string => `${item.severity} ${item.proven} ${item.paused} ${item.fate}`;
      for (const group of incidents(judged, key, (item) => item.moment.time, 60e9)) report(silentFinding(group));
    }

    function weigh({ session, moment, proven, left, elsewhere }: SilentExpiry): Weight {
      const abandoned = findingOn(findingsOf(sessionAbandoned), (e) => e.session === session.id);
      const cause =
        abandoned ?? findingOn(findingsOf(...CAUSES), (e) => e.session === session.id && e.session !== null);
      const neglect = findingsOf(...CONSEQUENCES).filter((f) =>
        affectedOf(f).some((e) => e['oldSession'] === session.id),
      );
      const back = session.followedBy ?? laterSessions(session, session.lastRequestTime)[0] ?? null;
      const seen = { cause, neglect, back };
      // The FIN or the closeSession of a client that left may be what is missing.
      if (model.totals.gaps > model.foreignGaps)
        return { ...seen, severity: 'info', fate: left ? 'left' : back === null ? 'gone' : 'back' };
      if (elsewhere) return { ...seen, severity: 'info', fate: 'elsewhere' };
      if (left || abandoned !== undefined) return { ...seen, severity: 'info', fate: left ? 'left' : 'abandoned' };
      if (back !== null) {
        const neglected = neglect.some(({ severity }) => severity !== 'info');
        return { ...seen, severity: neglected ? 'error' : 'warning', fate: neglected ? 'neglected' : 'back' };
      }
      // A host that is gone looks the same as one that will be back after the capture.
      if (!proven || model.lastTime - moment.time < options.grace * 1e9)
        return { ...seen, severity: 'info', fate: 'gone' };
      if (session.ephemerals.size > 0 && isReplaced(session, moment.time))
        return { ...seen, severity: 'warning', fate: 'replaced' };
      return { ...seen, severity: session.ephemerals.size > 0 ? 'error' : 'warning', fate: 'gone' };
    }

    /** Each of its ephemerals was created again by others. */
    function isReplaced({ ephemerals }: Session, time: number): boolean {
      return [...ephemerals.values()].every(({ path }) => {
        const znode = model.znode(path);
        return znode?.exists === true && znode.creation !== null && znode.creation.time > time;
      });
    }
  },
});

type Fate = 'left' | 'abandoned' | 'back' | 'neglected' | 'replaced' | 'elsewhere' | 'gone';

interface Weight {
  readonly severity: Severity;
  readonly fate: Fate;
  readonly back: Follower | null;
  readonly cause: Finding | undefined;
  readonly neglect: readonly Finding[];
}

type Silent = SilentExpiry & Weight;

const FATES: Readonly<Record<Fate, (many: boolean) => string>> = {
  left: (many) =>
    `${many ? 'their clients' : 'its client'} had closed the connection before (stopped, killed or crashed)`,
  abandoned: (many) => `${many ? 'their clients' : 'its client'} had gone on in a new session before`,
  back: (many) => `${many ? 'the clients' : 'the client'} went on in a new session afterwards, never told of it`,
  neglected: (many) =>
    `${many ? 'the clients' : 'the client'} went on in a new session, and what the old one had registered or watched was not set up again`,
  replaced: (many) =>
    `${many ? 'the clients' : 'the client'} never came back; others have registered in ${many ? 'their' : 'its'} place`,
  elsewhere: (many) =>
    `${many ? 'they were' : 'it was'} with a server that is not in the capture meanwhile, and when ${many ? 'they' : 'it'} fell silent there is unknown`,
  gone: (many) => `${many ? 'the clients' : 'the client'} never came back`,
};

function silentFinding(group: readonly Silent[]): Omit<Finding, 'rule'> {
  const first = group[0]!;
  const { session, fate, severity, proven, paused } = first;
  const many = group.length > 1;
  const entries = group.map((item): Affected => ({
    client: item.session.client,
    session: item.session.id,
    frames: [item.session.lastRequestFrame, item.moment.frame],
    timeout: item.session.timeout,
    silentFor: seconds(item.moment.time - item.session.lastRequestTime),
    ephemerals: item.session.ephemerals.size,
    ...(item.back?.id == null ? {} : { newSession: item.back.id }),
  }));
  const timeout = session.timeout === null ? '' : ` (timeout ${duration(session.timeout * 1e6)})`;
  const silence = duration(Math.max(...group.map((item) => item.moment.time - item.session.lastRequestTime)));
  const gone = group.reduce((sum, item) => sum + item.session.ephemerals.size, 0);
  const ephemerals = gone === 0 ? '' : `, ${plural(gone, 'ephemeral')} with ${many ? 'them' : 'it'}`;
  const what = paused && severity !== 'info' ? stopped(many) : '';
  return {
    severity,
    confidence: proven ? 'proven' : 'likely',
    title: many ? `${group.length} sessions expired, and nobody was told` : 'Session expired, and nobody was told',
    message: `The servers ended ${many ? plural(group.length, 'session') : `session ${session.id!}`} of ${listing([...new Set(group.map((item) => item.session.ip))])} after ${many ? 'up to ' : ''}${silence} without a request${timeout}${ephemerals}; ${FATES[fate](many)}.${what}`,
    remedy:
      severity === 'info'
        ? 'Nothing, if the client was meant to end.'
        : paused
          ? 'Find out what stopped the process: garbage collection, a suspended machine, a signal; or choose a session timeout longer than that.'
          : 'Find out what happened to the client, or to its network, when its requests ceased.',
    ...subject(entries),
    from: Math.min(...group.map((item) => item.session.lastRequestTime)),
    to: Math.max(...group.map((item) => item.moment.time)),
    evidence: [
      {
        frame: session.lastRequestFrame,
        time: session.lastRequestTime,
        text: `the latest request of session ${session.id!}`,
      },
      first.evidence,
    ],
    unrepaired:
      (fate === 'gone' || fate === 'replaced') && severity !== 'info'
        ? `${listing([...new Set(group.map((item) => item.session.ip))])} never came back`
        : undefined,
    cause: first.cause,
    consequences: group.flatMap((item) => item.neglect),
    data: { silent: true, expired: group.length, fate, paused, ephemerals: gone, ...affectedData(entries) },
  };
}

function stopped(many: boolean): string {
  return many
    ? ' Their kernels went on acknowledging: the processes were stopped, not the network cut.'
    : ' Its kernel went on acknowledging: the process was stopped, not the network cut.';
}

/** Its host was there all the time: see stillAcknowledges. */
function isPaused({ session }: Expired): boolean {
  return session?.current != null && stillAcknowledges(session.current, session.lastRequestTime);
}

/** How the story went on, as far as the capture shows it. */
function after(group: readonly Expired[], severity: Severity, neglect: boolean): string {
  const they = group.length === 1 ? 'it' : 'they';
  if (neglect) return `; what ${they} had registered or watched was not set up again`;
  if (severity === 'error') return `; ${they} did not come back, and what ${they} had registered and watched is gone`;
  const away = group.map(awayFor).filter((time) => time !== null);
  if (away.length < group.length) return '';
  const longest = duration(Math.max(...away));
  return `; ${they} went on in a new session, without one for ${group.length === 1 ? '' : 'up to '}${longest} in all`;
}

/** From the last answer in the old session to the first in the new one; null if there is none, or either is unknown. */
function awayFor({ session }: Expired): number | null {
  const next = session?.followedBy ?? null;
  return session === null || next === null ? null : next.start.time - silentSince(session);
}

/** Since when the servers answered nothing on the session: what the client sent after that, they had not heard. */
function silentSince(session: Session): number {
  return session.lastResponseTime >= 0 ? session.lastResponseTime : session.lastTime;
}
