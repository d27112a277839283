import { duration, plural } from '../../observations/words.js';
import type { Session } from '../../model/index.js';
import type { Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, affectedOf, subject } from '../support/affected.js';
import { duplicateSessions } from './duplicate-sessions.js';
import { ephemeralNotRecreated } from './ephemeral-not-recreated.js';
import { watchLostAfterReconnect } from './watch-lost-after-reconnect.js';

const CAUSES = [duplicateSessions, ephemeralNotRecreated, watchLostAfterReconnect];

export const pingOnlySession = defineRule({
  meta: {
    name: 'ping-only-session',
    summary: 'Sessions that only ping, where more was to be expected',
    documentation: {
      meaning:
        'A session that sends nothing but pings is no error: idle sessions that hold a watch or an ephemeral do just that. It is told, as context, where it belongs to an incident: leftovers beside a session that works (duplicate-sessions), or a new session after an expiry that never registers or watches again (ephemeral-not-recreated, watch-lost-after-reconnect).',
      proof: 'The session’s requests after a moment are pings and nothing else, for several session timeouts.',
      lookalikes:
        'Idle sessions that hold watches or ephemerals; in a capture that starts in mid-stream what came before is unknown.',
      remedy: 'See the finding that it belongs to.',
    },
    options: {
      timeouts: {
        type: 'number',
        default: 0.8,
        unit: 'session timeouts',
        description: 'How long a session after an expiry has to ping only',
      },
    },
  },
  causes: CAUSES,
  create({ model, options, report, findingsOf }) {
    function since(session: Session): number {
      return session.lastWorkTime < 0 ? session.start.time : session.lastWorkTime;
    }

    function tell(sessions: readonly Session[], cause: Finding): void {
      const entries = sessions.map((session): Affected => ({
        ...affectedBy(session),
        frames: [session.lastWorkTime < 0 ? session.start.frame : session.lastWorkFrame, session.lastRequestFrame],
        pings: session.pings,
        timeouts:
          session.timeout === null
            ? null
            : Number(((session.lastRequestTime - since(session)) / (session.timeout * 1e6)).toFixed(1)),
      }));
      const first = sessions[0]!;
      const captured = sessions.every((session) => session.startKnown);
      const who = sessions.length === 1 ? first.client : plural(sessions.length, 'session');
      const shortest = Math.min(...sessions.map((session) => session.lastRequestTime - since(session)));
      report({
        severity: 'info',
        confidence: captured ? 'likely' : 'possible',
        title: 'Sessions that only ping',
        message: `${who} sent nothing but pings for ${sessions.length === 1 ? '' : 'at least '}${duration(shortest)}${captured ? '' : ' (what came before is not in the capture)'}: see ${cause.rule}.`,
        remedy: cause.remedy,
        ...subject(entries),
        from: Math.min(...sessions.map(since)),
        to: Math.max(...sessions.map((session) => session.lastRequestTime)),
        evidence: [
          {
            frame: first.lastWorkTime < 0 ? first.start.frame : first.lastWorkFrame,
            time: since(first),
            text: first.lastWorkTime < 0 ? 'the session begins (or is first seen)' : 'its last request other than ping',
          },
          { frame: first.lastRequestFrame, time: first.lastRequestTime, text: 'its latest ping' },
        ],
        cause,
        data: affectedData(entries),
      });
    }

    return {
      end() {
        const told = new Set<Session>();
        const byClient = new Map<string, Session>();
        for (const session of model.sessions.alive()) byClient.set(`${session.client} ${session.id ?? ''}`, session);
        const leftover = new Set(findingsOf(duplicateSessions));
        for (const cause of findingsOf(...CAUSES)) {
          const leftovers = leftover.has(cause);
          const sessions: Session[] = [];
          for (const entry of affectedOf(cause)) {
            const session = byClient.get(`${entry.client} ${entry.session ?? ''}`);
            if (session === undefined || told.has(session) || session.pings === 0) continue;
            const pinging = leftovers
              ? entry['newest'] === false
              : session.work === 0 &&
                session.lastRequestTime - session.start.time >= options.timeouts * session.timeoutNs(6e9);
            if (!pinging) continue;
            told.add(session);
            sessions.push(session);
          }
          if (sessions.length > 0) tell(sessions, cause);
        }
      },
    };
  },
});
