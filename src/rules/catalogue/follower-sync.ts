import { duration, plural } from '../../observations/words.js';
import type { LearnerLink, QuorumModel, Reign } from '../../model/neighbours/quorum/index.js';
import { zxidText } from '../../protocols/zookeeper/format/stat.js';
import type { Evidence, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { incidents } from '../support/affected.js';
import { syncData, syncText } from '../support/quorum.js';
import { seconds } from '../../observations/seconds.js';
import { leaderElection } from './leader-election.js';

/** A learner that its leader has not heard of for so long has fallen silent; it answers a ping every half tick. */
const SILENCE = 3e9;
/** A zxid is an epoch and a counter of 32 bits. */
const EPOCH = 2 ** 32;
/** A server that comes back so soon (nanoseconds) after an election comes back because of what it was about. */
const AFTER = 15e9;

type Reason = 'lagged' | 'lost-data' | 'diverged' | 'not-bridged' | 'came-back' | 'joined';

interface Resync {
  readonly link: LearnerLink;
  readonly reason: Reason;
  readonly severity: Severity;
  /** The learner's connection before, if it is in the capture. */
  readonly earlier: LearnerLink | null;
  readonly text: string;
  readonly remedy: string;
  readonly evidence: Evidence[];
}

export const followerSync = defineRule({
  causes: [leaderElection],
  meta: {
    name: 'follower-sync',
    summary: 'A follower fell out or came back and had to be brought up to date',
    documentation: {
      meaning:
        'A learner (follower or observer) connected to a leader that was serving already and was brought up to date: by DIFF (the transactions that it missed), by TRUNC (its log held transactions which were never committed), or by SNAP (the whole tree, which loads leader, network and disk). Until then the ensemble had one server less.',
      proof:
        'FOLLOWERINFO, then DIFF, TRUNC or SNAP, up to UPTODATE. That it had lagged: its last packet on the connection before, and the leader that closed this connection after a silence. That it had lost its data: it comes with zxid 0 although it had followed before. That it diverged: its last zxid is above what the leader knows of that epoch.',
      lookalikes:
        'The synchronisation with a new leader that is part of every election (in the data of leader-election). A server that is restarted on purpose: DIFF, info. A new server without data that joins: SNAP, info. A follower that is merely slow to acknowledge (slow-quorum-ack).',
      remedy:
        'Lagged: look for pauses of the process (garbage collection, swap), its disk, and the network to its leader at that time; syncLimit × tickTime is how long the leader waits. SNAP again and again: raise zookeeper.commitLogCount or zookeeper.snapshotSizeFactor, or find out why it is away for so long.',
    },
    options: {
      smallSnapshot: {
        type: 'number',
        default: 4096,
        unit: 'bytes',
        description:
          'A snapshot up to this length for a server without data is an ensemble that begins: nothing is said',
      },
    },
  },
  create({ model, options, report, findingsOf }) {
    return {
      end() {
        const { quorum } = model;
        const found: Resync[] = [];
        for (const link of quorum.links) {
          const resync = judge(quorum, link, options.smallSnapshot);
          if (resync !== null) found.push(resync);
        }
        const key = ({ link, reason }: Resync): string => `${link.learner.ip} ${link.learner.id ?? ''} ${reason}`;
        for (const group of incidents(found, key, ({ link }) => link.sync!.start.time)) {
          const { link, reason, severity, text, remedy, evidence, earlier } = group[0]!;
          const latest = group.at(-1)!.link;
          const { learner, leader } = link;
          const sync = link.sync!;
          const from = earlier?.end?.moment.time ?? sync.start.time;
          const to = (latest.sync!.upToDate ?? latest.sync!.start).time;
          const again = group.length === 1 ? '' : ` This happened ${plural(group.length, 'time')} in the capture.`;
          report({
            severity,
            confidence: 'proven',
            title: `${learner.name} brought up to date by ${sync.kind ?? 'its leader'}: ${titles[reason]}`,
            message: `${text}${again}`,
            remedy,
            server: learner.ip,
            from,
            to,
            evidence,
            // Who comes back after an election had led, or followed, before it.
            cause: findingsOf(leaderElection).find((f) => f.from <= to && f.to + AFTER >= from),
            data: {
              reason,
              leader: leader.id,
              leaderIp: leader.ip,
              ...syncData(link),
              away: earlier?.end == null ? null : seconds(sync.start.time - earlier.end.moment.time),
              silence: reason === 'lagged' ? seconds(earlier!.silence!.length) : null,
              times: group.length,
              others: group.slice(1, 51).map((other) => syncData(other.link)),
            },
          });
        }
      },
    };
  },
});

const titles: Record<Reason, string> = {
  lagged: 'it had fallen silent',
  'lost-data': 'it had lost its data',
  diverged: 'its log had gone astray',
  'not-bridged': 'the difference could not be sent',
  'came-back': 'it came back',
  joined: 'it joined',
};

/** The latest connection of the same server to any leader before this one. */
function earlierLink(quorum: QuorumModel, link: LearnerLink): LearnerLink | null {
  let latest: LearnerLink | null = null;
  for (const other of quorum.links) {
    if (other === link) break;
    if (other.learner === link.learner && other.established) latest = other;
  }
  return latest;
}

function judge(quorum: QuorumModel, link: LearnerLink, smallSnapshot: number): Resync | null {
  const { sync, learner, leader } = link;
  if (sync?.kind == null) return null;
  const reign = quorum.reigns.find((one) => one.links.includes(link)) ?? null;
  const withElection =
    reign !== null && reign.begun && (reign.serving === null || sync.start.time <= reign.serving.time);
  const earlier = earlierLink(quorum, link);
  const led = quorum.reigns.some((one) => one.leader === learner && one.first.time < sync.start.time);
  const lag = earlier === null || withElection ? null : lagged(earlier, link);
  const done = sync.upToDate ?? sync.acknowledged;
  const took = done === null ? ', which did not end in the capture' : ` in ${duration(done.time - sync.start.time)}`;
  const how = `${leader.name} brought it up to date by ${syncText(link)}${took}`;
  const zxid = sync.fromZxid;
  const evidence: Evidence[] = [
    {
      ...sync.start,
      text: `${learner.name} announces itself to ${leader.name} (${link.observer ? 'OBSERVERINFO' : 'FOLLOWERINFO'})`,
    },
    { ...sync.kindAt!, text: `${leader.name} answers with ${sync.kind}` },
  ];
  if (done !== null) evidence.push({ ...done, text: `${learner.name} is up to date` });
  const make = (reason: Reason, severity: Severity, text: string, remedy: string, before: Evidence[] = []): Resync => {
    return { link, reason, severity, earlier, text, remedy, evidence: [...before, ...evidence] };
  };
  const last = zxid === null ? 'its last zxid is not in the capture' : `its last zxid was ${zxidText(zxid)}`;
  if (lag !== null) {
    return make(
      'lagged',
      'warning',
      `${learner.name} sent nothing for ${duration(lag.silence)}; its leader, ${leader.name}, gave it up ${duration(lag.patience)} after its last packet. When it came back, ${how}.`,
      'Look for what held the process up at that time: garbage collection, swap, its disk, a stopped virtual machine, or the network to the leader.',
      lag.evidence,
    );
  }
  if (sync.kind === 'TRUNC' || (zxid !== null && reign !== null && diverged(quorum, reign, zxid))) {
    return make(
      'diverged',
      'warning',
      `${learner.name} came back to ${leader.name} with transactions in its log which the ensemble has not (${last}): they were never committed, no client was told that they succeeded. ${how}.`,
      'Nothing for the data: ZooKeeper has removed them. Look into what ended its reign, or cut it off from the others, while clients were writing.',
    );
  }
  const hadData = earlier !== null && (earlier.zxid > 0 || (earlier.sync?.toZxid ?? 0) > 0);
  if (sync.kind === 'SNAP' && zxid === 0 && hadData) {
    return make(
      'lost-data',
      'warning',
      `${learner.name} had followed before and came back with an empty log (zxid 0): ${how}.`,
      'If its data directory was emptied on purpose, nothing. Otherwise look at its dataDir and dataLogDir: a volume that was not mounted, or a container without a persistent one.',
      earlier.lastFromLeader === null
        ? []
        : [
            {
              ...earlier.lastFromLeader,
              text: `${learner.name} follows, at zxid ${zxidText(Math.max(earlier.zxid, 0))}`,
            },
          ],
    );
  }
  if (sync.kind === 'SNAP' && zxid !== null && zxid > 0) {
    return make(
      'not-bridged',
      'warning',
      `${learner.name} came to ${leader.name} from where it could not be brought on by transactions (${last}): too far behind, or with a log that differs. ${how}.`,
      'Find out why it was away for so long, or whether it had led before. zookeeper.commitLogCount (500) and zookeeper.snapshotSizeFactor (0.33) say how far behind a follower may be before it needs a snapshot.',
    );
  }
  if (withElection || (sync.kind === 'SNAP' && (sync.snapshotBytes ?? 0) <= smallSnapshot)) return null;
  // It has gone from one leader to the next: the election is what happened.
  if (earlier !== null && earlier.leader !== leader && sync.kind === 'DIFF') return null;
  if (earlier !== null || led) {
    return make(
      'came-back',
      'info',
      `${learner.name} left and came back (${last}): ${how}.`,
      'Nothing, if it was restarted on purpose.',
    );
  }
  if (sync.kind !== 'SNAP' && sync.proposals === 0) return null;
  return make(
    'joined',
    'info',
    `${learner.name} joined ${leader.name}, which was serving already (${last}): ${how}.`,
    'Nothing, if it was being started.',
  );
}

/** The learner's last zxid is of an earlier epoch and above all that the leader had of it when it was elected. */
function diverged(quorum: QuorumModel, reign: Reign, zxid: number): boolean {
  if (Math.floor(zxid / EPOCH) >= reign.epoch) return false;
  const election = quorum.elections.find((one) => one.reign === reign);
  const own = election?.lookers.get(reign.leader)?.zxid ?? null;
  return own !== null && zxid > own && Math.floor(zxid / EPOCH) === Math.floor(own / EPOCH);
}

/** The connection before ended because the leader had not heard of the learner for too long. */
function lagged(
  earlier: LearnerLink,
  link: LearnerLink,
): { silence: number; patience: number; evidence: Evidence[] } | null {
  const { end, silence, learner, leader } = earlier;
  if (end?.by !== 'leader' || leader !== link.leader || silence === null || silence.length < SILENCE) return null;
  const patience = end.moment.time - silence.from.time;
  if (patience < SILENCE || patience > silence.length) return null;
  return {
    silence: silence.length,
    patience,
    evidence: [
      { ...silence.from, text: `the last packet of ${learner.name} before it falls silent` },
      { ...end.moment, text: `${leader.name} closes the connection to ${learner.name}` },
    ],
  };
}
