import type { Session } from '../../model/index.js';
import type { Evidence, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, affectedOf, findingOn, hostOf, incidents, subject } from '../support/affected.js';
import { laterSessions, livedFor } from '../support/recovery.js';
import { count, duration, listing, seconds } from '../support/text.js';
import { connectRefused } from './connect-refused.js';
import { connectTimeout } from './connect-timeout.js';
import { ephemeralNotRecreated } from './ephemeral-not-recreated.js';
import { halfOpenConnection } from './half-open-connection.js';
import { pingUnanswered } from './ping-unanswered.js';
import { serverStall } from './server-stall.js';
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

const MAX = 10_000;
const CAUSES = [serverStall, connectTimeout, connectRefused, halfOpenConnection, pingUnanswered];
const CONSEQUENCES = [ephemeralNotRecreated, watchLostAfterReconnect];

export const sessionExpired = defineRule({
  meta: {
    name: 'session-expired',
    summary: 'A client asks for its session and is told that it has expired',
    documentation: {
      meaning:
        'The servers heard nothing of a session for its timeout and ended it: its ephemerals are removed, its watches are gone. The client learns it when it comes back. Whether that is an outage depends on what the client then does: an error if it never came back to what it had registered and watched, a warning if it did.',
      proof: 'A connect request with a session id, answered with session 0 and timeout 0.',
      lookalikes:
        'A connect request with session 0 (a new client, or one that gave its session up by itself); a handshake without an answer (the server closed, it was starting or had no quorum).',
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
  create({ model, options, report, findingsOf }) {
    const expired: Expired[] = [];
    let more = 0;

    function severityOf({ id, session, client, time, lastZxidSeen }: Expired): Severity {
      const neglected = findingOn(findingsOf(...CONSEQUENCES), (e) => id !== null && e['oldSession'] === id);
      if (neglected !== undefined && neglected.severity !== 'info') return 'error';
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
      end() {
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
            ...(e.session?.successor?.id == null ? {} : { newSession: e.session.successor.id }),
          }));
          const hosts = new Set(group.map(({ client }) => hostOf(client)));
          const cause = findingOn(findingsOf(...CAUSES), (e) => hosts.has(hostOf(e.client)));
          const ids = new Set(group.map(({ id }) => id));
          const consequences = findingsOf(...CONSEQUENCES).filter((f) =>
            affectedOf(f).some((e) => typeof e['oldSession'] === 'string' && ids.has(e['oldSession'])),
          );
          const neglect = severity === 'error';
          const who = group.length === 1 ? first.client : count(new Set(group.map((e) => e.client)).size, 'client');
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
            message: `${who} came back for ${group.length === 1 ? `session ${first.id ?? '(not captured)'}` : count(group.length, 'session')}${silent === null ? '' : ` after ${duration(silent)} of silence`}${timeout === null ? '' : ` (timeout ${duration(timeout * 1e6)})`} and ${group.length === 1 ? 'was' : 'were'} told that it has expired${neglect ? `; what ${group.length === 1 ? 'it' : 'they'} had registered or watched was not set up again` : ''}.`,
            remedy: neglect
              ? 'Handle Expired in the application: create ephemerals and watches again in the new session (see ephemeral-not-recreated); and remove the cause of the silence.'
              : 'The client recovered. Remove the cause of the silence, or choose a session timeout longer than it.',
            ...subject(entries),
            ...(group.length === 1 ? { server: first.server } : {}),
            from: first.time,
            to: group.at(-1)!.time,
            evidence,
            cause,
            consequences,
            data: {
              expired: group.length,
              ...(more > 0 ? { notCounted: more } : {}),
              servers: [...new Set(group.map((e) => e.server))],
              recovered: !neglect,
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
  },
});

/** Since when the servers answered nothing on the session: what the client sent after that, they had not heard. */
function silentSince(session: Session): number {
  return session.lastResponseTime >= 0 ? session.lastResponseTime : session.lastTime;
}
