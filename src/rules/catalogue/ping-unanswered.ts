import { duration, plural } from '../../observations/words.js';
import type { Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, findingOn, incidents, subject } from '../support/affected.js';
import { seconds } from '../../observations/seconds.js';
import { type Unanswered, UnansweredRequests } from '../support/unanswered.js';
import { headOfLine } from './head-of-line.js';
import { halfOpenConnection } from './half-open-connection.js';
import { leaderElection } from './leader-election.js';
import { serverStall } from './server-stall.js';

export const pingUnanswered = defineRule({
  meta: {
    name: 'ping-unanswered',
    summary: 'Requests and pings stay without an answer for most of the session timeout, and the client leaves',
    documentation: {
      meaning:
        'The server says nothing on a connection for so long that the client gives it up (libraries do after two thirds of the session timeout). If TCP acknowledged the requests the process of the server hangs; if not, the network between them is cut.',
      proof:
        'The request, no answer, and the client’s FIN or RST (or repetitions of the request that nobody acknowledges).',
      lookalikes:
        'A slow request while pings are answered; requests on a connection which the client itself closes; answers that may lie in a gap of the capture; the last requests of the capture; a server that closes the connection.',
      remedy:
        'See server-stall where the requests were acknowledged, half-open-connection and the network where they were not.',
    },
    options: {
      share: {
        type: 'number',
        default: 0.6,
        min: 0.1,
        max: 2,
        unit: 'session timeouts',
        description: 'How long the server has to be silent on the connection',
      },
    },
  },
  causes: [serverStall, leaderElection, headOfLine, halfOpenConnection],
  create({ model, options, report, findingsOf, notKept }) {
    const unanswered = new UnansweredRequests(model, options.share, notKept);

    /** Writes that wait on a follower wait for the leader: for one that hung then, or that was lost. */
    function leaderHung(group: readonly Unanswered[]): Finding | undefined {
      if (group.some((u) => !u.forLeader)) return undefined;
      const meanwhile = (f: Finding): boolean => group.some((u) => f.from <= u.to && f.to >= u.time);
      return findingsOf(serverStall).find(meanwhile) ?? findingsOf(leaderElection).find(meanwhile);
    }

    /** All of them wait behind a slow request of their own session. */
    function heldUp(group: readonly Unanswered[]): Finding | undefined {
      return findingsOf(headOfLine).find((f) =>
        group.every((u) => f.client === u.connection.client && f.from <= u.to && f.to >= u.time),
      );
    }

    return {
      ...unanswered.listener,
      end() {
        const key = (u: Unanswered): string => `${u.acknowledged ? u.connection.server.address : 'network'} ${u.lossy}`;
        for (const group of incidents(unanswered.collect(), key, (u) => u.time, 15e9)) {
          const first = group[0]!;
          const entries = group.map((u): Affected => ({
            client: u.connection.client,
            session: u.connection.session?.id ?? null,
            frames: [u.frame, u.toFrame],
            server: u.connection.server.address,
            waiting: u.ops,
            waited: seconds(u.to - u.time),
            silence: seconds(u.silence),
          }));
          const clients = new Set(group.map((u) => u.connection.client));
          const isOurs = (e: Affected): boolean => clients.has(e.client);
          const cause = first.acknowledged
            ? (findingOn(findingsOf(serverStall), isOurs) ?? leaderHung(group) ?? heldUp(group))
            : findingOn(findingsOf(halfOpenConnection), isOurs);
          const servers = new Set(group.map((u) => u.connection.server.address));
          const requests = group.reduce((sum, u) => sum + u.waiting, 0);
          const where = servers.size === 1 ? first.connection.server.address : plural(servers.size, 'server');
          const who = group.length === 1 ? first.connection.client : plural(group.length, 'client');
          const longest = Math.max(...group.map((u) => u.silence));
          report({
            severity: first.lossy ? 'info' : 'warning',
            confidence: first.lossy ? 'possible' : 'proven',
            title: first.acknowledged
              ? 'Requests acknowledged but never answered'
              : 'Requests neither acknowledged nor answered',
            message: `${where} left ${plural(requests, 'request')} of ${who} without an answer, silent for up to ${duration(longest)}${first.acknowledged ? ', though TCP acknowledged them' : '; TCP repeated them and got no ACK'}${cause === undefined ? '' : ` (${cause.rule})`}.`,
            remedy: first.acknowledged
              ? (cause?.remedy ??
                (group.every((u) => u.forLeader)
                  ? 'Only writes waited: the leader hung, or this server did (garbage collection, disk, a stopped process). Capture port 2888 as well to tell.'
                  : 'The server process hangs: garbage collection, disk, or a stopped process; see server-stall.'))
              : 'The network between client and server is cut in at least one direction: firewall, route, link.',
            ...subject(entries),
            ...(servers.size === 1 ? { server: first.connection.server.address } : {}),
            ...(group.length === 1 ? { connection: first.connection.id } : {}),
            from: first.time,
            to: Math.max(...group.map((u) => u.to)),
            evidence: [
              {
                frame: first.frame,
                time: first.time,
                text: `${first.op} of ${first.connection.client}, never answered`,
              },
              {
                frame: first.toFrame,
                time: first.to,
                text: first.acknowledged ? 'the client leaves' : 'its latest repetition',
              },
            ],
            cause,
            data: {
              acknowledged: first.acknowledged,
              requests,
              ...affectedData(entries),
            },
          });
        }
      },
    };
  },
});
