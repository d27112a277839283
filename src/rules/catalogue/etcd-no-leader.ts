import type { LeaderOutage, LeaderRequest } from '../../model/index.js';
import { hostOf } from '../../observations/filterPatterns.js';
import { seconds } from '../../observations/seconds.js';
import { duration, plural } from '../../observations/words.js';
import { type DataValue, type Evidence, Instant } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, subject } from '../support/affected.js';

/** Seconds: clients with shorter leases may have lost them, and their callers have given up. */
const LONG = 5;
const FRAMES = 50;
const TEXTS = 20;

export const etcdNoLeader = defineRule({
  meta: {
    name: 'etcd-no-leader',
    summary: 'etcd had no leader, or none that answered: writes and renewals waited or were refused',
    documentation: {
      meaning:
        'Puts, transactions and renewals of leases are decided by the leader, whichever member is asked. While the leader is stopped, gone or cut off, they wait: until another member is elected (a second or two with the defaults), or until they are refused. A put is refused only about 7 s after it was asked, also where another leader was there long before. An error where requests were refused or never answered, or where it lasted 5 s; otherwise a warning.',
      proof:
        'The last answer of one Raft term, requests that had to wait, and the first answer of a higher term; or answers such as "etcdserver: no leader", by which members say it themselves. Likely where requests timed out, no member named the leader as the reason, and no new term followed.',
      lookalikes:
        'A leader that hangs for a moment and stays leader: the term is the same. A leader that is moved (etcdctl move-leader) or stopped in good order: the term rises, and nobody has to wait. Requests that wait where the capture lost bytes. A single member that refuses while others answer is cut off from the leader: the finding then names that member.',
      remedy:
        'See what the old leader did then (its log, its disk: slow fsyncs stop it as well, its host). Give clients the addresses of all members, and leases a TTL well above an election.',
    },
    options: {
      seconds: {
        type: 'number',
        default: 1,
        min: 0,
        unit: 'seconds',
        description: 'Shortest time without a leader, where nothing was refused',
      },
    },
  },
  unfollowed: true,
  create({ model, options, report }) {
    return {
      end() {
        for (const outage of model.etcdLeaders.outages()) {
          const { hit, since, before, after } = outage;
          const refused = hit.filter(({ error }) => error !== null);
          const until = after ?? latestOf(hit);
          const lasted = until.time - since.time;
          if (refused.length === 0 && lasted < options.seconds * 1e9) continue;
          const lost = hit.filter(({ answered }) => answered === null);
          // An answer that the capture lost was given.
          if (outage.lossy && lost.length === hit.length) continue;
          const elected = before !== null && after !== null && after.term > before.term;
          const members = [...new Set(refused.map(({ server }) => server))];
          const cutOff = after !== null && !elected && members.length === 1 ? members[0]! : null;
          const entries = affected(hit);
          const bad = refused.length > 0 || lost.length > 0 || lasted >= LONG * 1e9;
          report({
            severity: bad ? 'error' : 'warning',
            confidence: (elected || outage.said) && !outage.lossy ? 'proven' : 'likely',
            title: cutOff === null ? 'etcd had no leader' : `${cutOff} had no leader`,
            message: `${howLong(outage, lasted, elected)}: ${whatHappened(hit, refused, lost)}${leaders(outage)}.`,
            remedy:
              'See what the old leader did then (its log, its disk, its host); give clients the addresses of all members, and leases a TTL well above an election.',
            ...subject(entries),
            ...(cutOff === null ? {} : { server: cutOff }),
            from: since.time,
            to: until.time,
            evidence: evidence(outage, refused),
            ...(after === null ? { unrepaired: 'no leader answered again to the end of the capture' } : {}),
            data: {
              lasted: seconds(lasted),
              termBefore: before?.term ?? null,
              termAfter: after?.term ?? null,
              leaderBefore: outage.leaderBefore,
              leaderAfter: outage.leaderAfter,
              lastAnswer: before === null ? null : new Instant(before.time),
              firstAnswer: after === null ? null : new Instant(after.time),
              requests: hit.length + outage.more,
              refused: refused.length,
              unanswered: lost.length,
              errors: errorCounts(refused),
              ...affectedData(entries),
            },
          });
        }
      },
    };
  },
});

function latestOf(hit: readonly LeaderRequest[]): { time: number } {
  return { time: Math.max(...hit.map(({ asked, answered }) => (answered ?? asked).time)) };
}

function howLong({ before, after }: LeaderOutage, lasted: number, elected: boolean): string {
  if (after === null) return `No leader answered for ${duration(lasted)}, to the end of the capture`;
  if (elected) return `No leader for ${duration(lasted)}, then one of term ${after.term} (before: ${before!.term})`;
  return `No leader for ${duration(lasted)}, then one of the same term`;
}

function whatHappened(
  hit: readonly LeaderRequest[],
  refused: readonly LeaderRequest[],
  lost: readonly LeaderRequest[],
): string {
  const clients = new Set(hit.map(({ client }) => hostOf(client))).size;
  const late = hit.filter(({ answered, error }) => answered !== null && error === null);
  const longest = Math.max(0, ...late.map(({ asked, answered }) => answered!.time - asked.time));
  const [first] = refused;
  const parts = [
    ...(late.length > 0 ? [`${plural(late.length, 'was', 'were')} answered late (by up to ${duration(longest)})`] : []),
    ...(first !== undefined ? [`${plural(refused.length, 'was', 'were')} refused (${first.error ?? ''})`] : []),
    ...(lost.length > 0 ? [`${plural(lost.length, 'was', 'were')} never answered`] : []),
  ];
  return `of ${plural(hit.length, 'request')} of ${plural(clients, 'client')} ${parts.join(', ')}`;
}

function leaders({ leaderBefore, leaderAfter }: LeaderOutage): string {
  if (leaderBefore === null) return '';
  if (leaderAfter === null || leaderAfter === leaderBefore)
    return `; members had forwarded renewals to ${leaderBefore} before`;
  return `; members forwarded renewals to ${leaderBefore} before, to ${leaderAfter} afterwards`;
}

function affected(hit: readonly LeaderRequest[]): Affected[] {
  const byClient = new Map<string, LeaderRequest[]>();
  for (const request of hit) {
    const list = byClient.get(request.client);
    if (list === undefined) byClient.set(request.client, [request]);
    else list.push(request);
  }
  return [...byClient].map(([client, requests]): Affected => {
    const waits = requests.map(({ asked, answered }) => (answered === null ? 0 : answered.time - asked.time));
    return {
      ...{ client, session: null, frames: requests.slice(0, FRAMES).map(({ asked }) => asked.frame) },
      server: requests[0]!.server,
      requests: requests.length,
      refused: requests.filter(({ error }) => error !== null).length,
      unanswered: requests.filter(({ answered }) => answered === null).length,
      longestWait: seconds(Math.max(...waits)),
    };
  });
}

function evidence({ before, after, hit }: LeaderOutage, refused: readonly LeaderRequest[]): Evidence[] {
  const found: Evidence[] = [];
  const add = ({ frame, time }: { frame: number; time: number }, text: string): void => {
    if (!found.some((one) => one.frame === frame)) found.push({ frame, time, text });
  };
  if (before !== null) add(before, `${before.server} answers ${before.op}, the last answer of term ${before.term}`);
  const first = hit.find(({ asked }) => before === null || asked.time > before.time) ?? hit[0];
  if (first !== undefined) add(first.asked, `${first.client} asks ${first.server} (${first.op}) and has to wait`);
  const refusal = refused.find(({ error }) => error?.includes('leader') === true) ?? refused[0];
  if (refusal?.answered != null)
    add(refusal.answered, `${refusal.server} refuses ${refusal.op}: ${refusal.error ?? ''}`);
  if (after !== null) add(after, `${after.server} answers ${after.op}, the first answer of term ${after.term}`);
  return found.sort((a, b) => a.frame - b.frame);
}

function errorCounts(refused: readonly LeaderRequest[]): DataValue {
  const counts = new Map<string, number>();
  for (const { error } of refused) {
    const text = error ?? '';
    if (counts.has(text) || counts.size < TEXTS) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([error, count]) => ({ error, count }));
}
