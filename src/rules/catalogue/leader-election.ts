import { duration, listing, plural } from '../../observations/words.js';
import { hostOf } from '../../observations/filterPatterns.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { agreedLeader, type Election, type QuorumModel, type Reign } from '../../model/neighbours/quorum/index.js';
import { zxidText } from '../../protocols/zookeeper/format/stat.js';
import type { DataValue, Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { syncData } from '../support/quorum.js';
import { seconds } from '../../observations/seconds.js';
import { connectRefused } from './connect-refused.js';
import { serverStall } from './server-stall.js';

/** A leader that its learners have not heard of for so long has fallen silent; it pings them every half tick. */
const SILENCE = 3e9;

interface Cause {
  readonly kind: 'leader-closed' | 'leader-silent' | 'followers-left' | 'unknown';
  readonly text: string;
  /** Since when there was no leader. */
  readonly since: Moment;
  readonly evidence: Evidence[];
}

export const leaderElection = defineRule({
  meta: {
    name: 'leader-election',
    summary: 'The servers elected a leader: who started it, who won, how long nobody led',
    documentation: {
      meaning:
        'Servers of the ensemble were looking for a leader. Until the new leader has a quorum of synchronised followers no write is served, all client connections are closed by servers that look, and clients come back to whichever server is up first.',
      proof:
        'Notifications of state LOOKING on the election port, then LEADERINFO with a new epoch and UPTODATE on the quorum port. The time without a leader counts from the last sign of the old one (the end of its connections, or its last packet) to the first UPTODATE of the new one.',
      lookalikes:
        'One server that starts or comes back: it looks, is told by the others who leads, and joins (that is follower-sync). A notification of state LOOKING that is sent again on a new connection by a server that follows long since. The first election of an ensemble that is started is reported as info.',
      remedy:
        'Find out why the old leader went: its log, kill or restart, a pause longer than syncLimit × tickTime (garbage collection, disk), the network between the servers. Elections that last for seconds point to servers that cannot reach each other on the election port.',
    },
    options: {
      patience: {
        type: 'number',
        default: 10,
        unit: 'seconds',
        description: 'How long servers may look for a leader in vain before it is an error',
      },
    },
  },
  causes: [serverStall, connectRefused],
  create({ model, options, report, findingsOf }) {
    /** What the clients saw of the leader that was lost: it hung, or its port was closed. */
    function lossOf(ip: string | undefined, { from, to }: Omit<Finding, 'rule'>): Finding | undefined {
      return findingsOf(serverStall, connectRefused).find(
        (f) => f.from <= to && f.to >= from && ip !== undefined && hostOf(f.server ?? '') === ip,
      );
    }

    return {
      end(time) {
        const { quorum } = model;
        for (const election of quorum.elections) {
          if (election.reign !== null) {
            const finding = elected(quorum, election, election.reign);
            report({ ...finding, cause: lossOf(election.before?.leader.ip, finding) });
          } else if (!election.leaderKnown && ![...election.lookers.values()].every((looker) => looker.joined)) {
            const finding = undecided(election, time, options.patience * 1e9);
            if (finding !== null) report(finding);
          }
        }
      },
    };
  },
});

function lookersData(election: Election): DataValue[] {
  return [...election.lookers.values()].map(({ server, first, vote, zxid, peerEpoch }) => ({
    server: server.id,
    ip: server.ip,
    frame: first.frame,
    vote,
    zxid: zxid === null ? null : zxidText(zxid),
    peerEpoch,
  }));
}

function rounds(election: Election): number {
  return new Set([...election.lookers.values()].flatMap((looker) => [...looker.rounds])).size;
}

/** What became of the leader before; null if the capture shows none. */
function causeOf(election: Election): Cause | null {
  const { before, lastOfLeader } = election;
  if (before === null || lastOfLeader === null) return null;
  const old = before.leader.name;
  const ends = before.links
    .map((link) => ({ link, end: link.end }))
    .filter(({ link, end }) => end !== null && end.moment.time <= election.start.time && !link.observer)
    .map(({ link, end }) => ({ link, ...end! }))
    // A connection that ended while the leader went on with others has nothing to do with it.
    .filter(({ moment }) => moment.time >= lastOfLeader.time - 1e9)
    .sort((a, b) => a.moment.frame - b.moment.frame);
  const byLeader = ends.find((end) => end.by === 'leader');
  const byLearner = ends.find((end) => end.by === 'learner');
  const lastEvidence = { ...lastOfLeader, text: `the last packet of the leader, ${old}, to its learners` };
  const silence = (byLearner?.moment.time ?? election.start.time) - lastOfLeader.time;
  if (silence >= SILENCE) {
    const evidence: Evidence[] = [lastEvidence];
    if (byLearner !== undefined) {
      evidence.push({ ...byLearner.moment, text: `${byLearner.link.learner.name} closes its connection to ${old}` });
    }
    const text = `${old}, which led in epoch ${before.epoch}, had been silent for ${duration(silence)}`;
    return { kind: 'leader-silent', text, since: lastOfLeader, evidence };
  }
  if (byLeader !== undefined) {
    const { moment, link } = byLeader;
    const text = `${old}, which led in epoch ${before.epoch}, closed its connections (it stopped, was killed, or gave up leading)`;
    const closing = { ...moment, text: `${old} closes its connection to ${link.learner.name}` };
    return { kind: 'leader-closed', text, since: moment, evidence: [lastEvidence, closing] };
  }
  if (byLearner !== undefined) {
    const { moment, link } = byLearner;
    const text = `${link.learner.name} left ${old}, which led in epoch ${before.epoch}`;
    const closing = { ...moment, text: `${link.learner.name} closes its connection to ${old}` };
    return { kind: 'followers-left', text, since: moment, evidence: [lastEvidence, closing] };
  }
  const text = `${old} led in epoch ${before.epoch} before`;
  return { kind: 'unknown', text, since: lastOfLeader, evidence: [lastEvidence] };
}

function elected(quorum: QuorumModel, election: Election, reign: Reign): Omit<Finding, 'rule'> {
  const cause = causeOf(election);
  const { leader, epoch, serving } = reign;
  const starter = [...election.lookers.values()][0]!.server;
  const since = cause?.since ?? election.start;
  const without = serving === null ? null : serving.time - since.time;
  const who = cause === null ? 'No leader of before is in the capture' : `The leader was lost: ${cause.text}`;
  const atLeast = cause === null ? 'at least ' : '';
  const outcome =
    without === null
      ? 'no learner was let serve by it in the capture'
      : `nobody led for ${atLeast}${duration(without)}, until it let the first learner serve`;
  const evidence: Evidence[] = [
    ...(cause?.evidence ?? []),
    { ...election.start, text: `first vote of a server that is looking: ${starter.name}` },
    { ...reign.first, text: `${leader.name} announces epoch ${epoch} (LEADERINFO)` },
  ];
  if (serving !== null) evidence.push({ ...serving, text: `${leader.name} lets a learner serve (UPTODATE)` });
  const joined = quorum.links.filter((link) => reign.links.includes(link) && link.sync !== null);
  return {
    severity: serving === null ? 'error' : cause === null ? 'info' : 'warning',
    confidence: 'proven',
    title:
      without === null
        ? `Leader elected, but nobody served: ${leader.name}`
        : `Leader elected: ${leader.name}, ${atLeast}${duration(without)} without one`,
    message: `${who}. ${starter.name} was the first to look for a leader; ${leader.name} was elected for epoch ${epoch} by the votes of ${listing([...election.lookers.keys()].map((server) => server.name))}; ${outcome}.`,
    remedy:
      cause === null
        ? 'Nothing, if the ensemble was being started. Otherwise look for what ended the leader before the capture began.'
        : `Look into the log of ${election.before!.leader.name} at this time: stopped, killed, paused for longer than syncLimit (garbage collection, disk), or cut off from its followers.`,
    server: leader.ip,
    from: since.time,
    to: (serving ?? election.last).time,
    evidence,
    data: {
      leader: leader.id,
      leaderIp: leader.ip,
      epoch,
      previousLeader: election.before?.leader.id ?? null,
      previousLeaderIp: election.before?.leader.ip ?? null,
      previousEpoch: election.before?.epoch ?? null,
      cause: cause?.kind ?? null,
      startedBy: starter.id,
      startedByIp: starter.ip,
      withoutLeader: without === null ? null : seconds(without),
      voting: seconds(election.last.time - election.start.time),
      rounds: rounds(election),
      notifications: election.notifications,
      lookers: lookersData(election),
      learners: joined.map(syncData),
    },
  };
}

/** Servers that look, and no LEADERINFO: the quorum port was not captured, or there is no quorum. */
function undecided(election: Election, time: number, patience: number): Omit<Finding, 'rule'> | null {
  const agreed = agreedLeader(election);
  const lookers = [...election.lookers.values()];
  const names = listing(lookers.map((looker) => looker.server.name));
  const waited = election.last.time - election.start.time;
  const common = {
    from: election.start.time,
    evidence: [
      { ...election.start, text: `first vote of a server that is looking: ${lookers[0]!.server.name}` },
      { ...election.last, text: 'the latest vote' },
    ],
    data: {
      startedBy: lookers[0]!.server.id,
      startedByIp: lookers[0]!.server.ip,
      agreedLeader: agreed,
      lookers: lookersData(election),
      rounds: rounds(election),
      notifications: election.notifications,
      looking: seconds(waited),
    },
  };
  if (waited >= patience) {
    return {
      ...common,
      severity: 'error',
      confidence: 'likely',
      title: `No leader found for ${duration(waited)}`,
      message: `${names} looked for a leader for ${duration(waited)} (${plural(election.notifications, 'notification')}), and no server told them of one.`,
      remedy:
        'Look for the servers that take no part: a quorum of the voters must reach each other on the election port.',
      to: election.last.time,
    };
  }
  if (agreed === null || lookers.length < 2 || time - election.last.time < 1e9) return null;
  return {
    ...common,
    severity: 'info',
    confidence: 'likely',
    title: `Leader elected: server ${agreed}`,
    message: `${names} looked for a leader and agreed on server ${agreed} within ${duration(waited)}; whether and when it began to serve is not in the capture.`,
    remedy: 'Capture the quorum port (2888) as well to see how long nobody led.',
    to: election.last.time,
  };
}
