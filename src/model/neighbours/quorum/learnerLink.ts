import type { ConnectionFacts, Moment } from '../../../observations/connectionFacts.js';
import type { ZabView } from '../../../protocols/quorum/zab/zabMessage.js';
import { AckPace } from './ackPace.js';
import type { Reign } from './election.js';
import type { QuorumServer } from './server.js';

export type SyncKind = 'DIFF' | 'TRUNC' | 'SNAP';

/** How a learner was brought up to date when it joined its leader. Null where the capture does not show it (yet). */
export interface Sync {
  /** FOLLOWERINFO or OBSERVERINFO. */
  readonly start: Moment;
  kind: SyncKind | null;
  kindAt: Moment | null;
  /** The learner's last logged zxid (of ACKEPOCH); that up to which the leader brings it. */
  fromZxid: number | null;
  toZxid: number | null;
  /** Transactions that were sent, and the bytes of everything that was (the snapshot included). */
  proposals: number;
  bytes: number;
  /** Length of the snapshot; null without one. */
  snapshotBytes: number | null;
  /** The learner had it all on disk (its ACK of NEWLEADER); the leader let it serve (UPTODATE). */
  acknowledged: Moment | null;
  upToDate: Moment | null;
}

/** One connection of a learner to its leader. */
export class LearnerLink {
  observer = false;
  /** The leader's epoch, null until something shows it. */
  epoch: number | null = null;
  /** The reign of its leader that it belongs to. */
  reign: Reign | null = null;
  sync: Sync | null = null;
  readonly pace: AckPace;
  /** Latest packet from either side, and the latest proposal or commit. */
  lastFromLeader: Moment | null = null;
  lastFromLearner: Moment | null = null;
  /** Highest zxid that the leader has sent on it, synchronisation apart; -1 while none. */
  zxid = -1;
  /** The longest time without a packet of the learner: where it began, and how long it was. */
  silence: { readonly from: Moment; readonly length: number } | null = null;
  closed = false;
  gaps = 0;

  constructor(
    readonly tcp: ConnectionFacts,
    public leader: QuorumServer,
    public learner: QuorumServer,
  ) {
    this.pace = new AckPace(learner.slow);
  }

  heardLearner(moment: Moment): void {
    const from = this.lastFromLearner;
    this.lastFromLearner = moment;
    if (from === null) return;
    const length = moment.time - from.time;
    if (this.silence === null || length > this.silence.length) this.silence = { from, length };
  }

  /** True once the learner serves: after UPTODATE, and always where the capture begins in the middle. */
  get established(): boolean {
    return this.sync === null ? this.lastFromLeader !== null : this.sync.upToDate !== null;
  }

  /** The first sign of the end: FIN or RST of either side, and whose it was. */
  get end(): { readonly moment: Moment; readonly by: 'leader' | 'learner' } | null {
    const ofLeader = earlier(this.tcp.toClient.fin, this.tcp.toClient.rst);
    const ofLearner = earlier(this.tcp.toServer.fin, this.tcp.toServer.rst);
    if (ofLeader !== null && (ofLearner === null || ofLeader.frame <= ofLearner.frame)) {
      return { moment: ofLeader, by: 'leader' };
    }
    return ofLearner === null ? null : { moment: ofLearner, by: 'learner' };
  }

  /** Counts what belongs to the synchronisation. */
  synchronising(message: ZabView, moment: Moment): void {
    const { sync } = this;
    if (sync === null) return;
    switch (message.op) {
      case 'ACKEPOCH':
        sync.fromZxid = message.zxid;
        return;
      case 'DIFF':
      case 'TRUNC':
      case 'SNAP':
        sync.kind = message.op;
        sync.kindAt = moment;
        sync.toZxid = message.zxid;
        break;
      case 'snapshot':
        sync.snapshotBytes = message.length;
        break;
      case 'PROPOSAL':
      case 'INFORM':
        sync.proposals++;
        break;
      case 'ACK':
        if (message.acknowledges === 'NEWLEADER') sync.acknowledged = moment;
        return;
      case 'UPTODATE':
        sync.upToDate = moment;
        break;
      case 'COMMIT':
        break;
      default:
        return;
    }
    sync.bytes += message.length;
  }
}

function earlier(a: Moment | null, b: Moment | null): Moment | null {
  if (a === null || b === null) return a ?? b;
  return a.frame <= b.frame ? a : b;
}
