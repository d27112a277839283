import type { Moment } from '../../../observations/connectionFacts.js';
import type { LearnerLink } from './learnerLink.js';
import type { QuorumServer } from './server.js';

/** One leader in one epoch. */
export interface Reign {
  readonly leader: QuorumServer;
  readonly epoch: number;
  /** First sign of it; LEADERINFO where the capture shows how it began. */
  readonly first: Moment;
  /** False where the reign was under way when the capture began. */
  begun: boolean;
  /** First learner that was let serve: from here on the leader serves as well. Null where that was not seen. */
  serving: Moment | null;
  /** Latest packet of the leader to any learner. */
  last: Moment;
  readonly links: LearnerLink[];
}

/** What one server voted for while it was looking. */
export interface Looker {
  readonly server: QuorumServer;
  readonly first: Moment;
  /** Leader that it proposed last, null for an observer; its last zxid as it proposed itself, null if it did not. */
  vote: number | null;
  zxid: number | null;
  peerEpoch: number | null;
  rounds: Set<number>;
  /** It has found a leader that was there already. */
  joined: boolean;
}

/** A time in which servers looked for a leader. */
export interface Election {
  readonly start: Moment;
  readonly lookers: Map<QuorumServer, Looker>;
  notifications: number;
  /** Latest notification of a server that was looking. */
  last: Moment;
  /** Latest reign before it, if the capture shows one. */
  readonly before: Reign | null;
  /** Latest packet of that reign's leader at the time of the first vote; what comes later is only late. */
  readonly lastOfLeader: Moment | null;
  /** A server that was not looking told them of a leader: there is one already. */
  leaderKnown: boolean;
  /** The reign that came of it; null if it came to none (yet), or if they joined an existing one. */
  reign: Reign | null;
}

/** The vote is in: who was elected, from the notifications alone; null if the last votes do not agree. */
export function agreedLeader(election: Election): number | null {
  let leader: number | null = null;
  for (const { vote } of election.lookers.values()) {
    if (vote === null) continue;
    if (leader !== null && leader !== vote) return null;
    leader = vote;
  }
  return leader;
}
