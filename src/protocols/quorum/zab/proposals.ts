import { largeNumberKey } from '../../../network/seed.js';
import type { Moment } from '../../../network/connection.js';
import { hex64 } from '../../zookeeper/format/stat.js';

/** A learner's acknowledgement of a proposal. */
export interface Ack extends Moment {
  /** Server id, null where the capture has not shown it; IP address of the learner. */
  readonly server: number | null;
  readonly ip: string;
  /** Nanoseconds since the proposal was sent to this learner. */
  readonly latency: number;
}

/** A transaction that a leader proposed: first PROPOSAL, who acknowledged when, first COMMIT. */
export class Proposal {
  readonly acks: Ack[] = [];
  committed: Moment | null = null;
  /** The acknowledgement that was the latest when the commit was seen: it completed the quorum. */
  decidedBy: Ack | null = null;

  constructor(
    readonly zxid: number,
    /** Address of the leader. */
    readonly leader: string,
    /** Session of the client's request (unsigned halves) and its xid there. */
    readonly sessionHi: number,
    readonly sessionLo: number,
    readonly cxid: number,
    /** Name of the transaction: the operation's, or `error`. */
    readonly txn: string,
    readonly path: string | null,
    /** First PROPOSAL to any learner. */
    readonly proposed: Moment,
    /** The learner's REQUEST that led to it, where it was captured. */
    readonly request: Moment | null,
  ) {}

  /** `0x…`. */
  get session(): string {
    return hex64(this.sessionHi, this.sessionLo);
  }
}

/**
 * Proposals of one leader that are known.
 * @bound proposals
 */
const MOST_PROPOSALS = 4096;
/**
 * Of one proposal.
 * @bound acknowledgements
 */
const MOST_ACKS = 32;

/** Proposals of one leader that may still be acknowledged or committed. Bounded: the oldest are forgotten. */
export class Proposals {
  /** Connections of learners to this leader. */
  connections = 0;
  private readonly byZxid = new Map<number, Proposal>();
  private limit = MOST_PROPOSALS;

  /** @param requests clients' requests that learners have handed on to any leader */
  constructor(private readonly requests: RequestTable<Request>) {}

  /** There are too many leaders: this one's proposals are kept no longer. */
  retire(): void {
    this.byZxid.clear();
    this.limit = 0;
  }

  get(zxid: number): Proposal | null {
    return this.byZxid.get(largeNumberKey(zxid)) ?? null;
  }

  add(proposal: Proposal): void {
    this.byZxid.set(largeNumberKey(proposal.zxid), proposal);
    if (this.byZxid.size > this.limit) deleteFirst(this.byZxid);
  }

  acknowledged(proposal: Proposal, ack: Ack): void {
    if (proposal.acks.length < MOST_ACKS) proposal.acks.push(ack);
  }

  /** True for the first COMMIT of the proposal. */
  committed(proposal: Proposal, moment: Moment): boolean {
    if (proposal.committed !== null) return false;
    proposal.committed = moment;
    proposal.decidedBy = proposal.acks.at(-1) ?? null;
    return true;
  }

  /** A learner has handed on a client's request. */
  requested(sessionHi: number, sessionLo: number, cxid: number, frame: number, time: number): void {
    this.requests.set({ sessionHi, sessionLo, cxid, frame, time });
  }

  takeRequest(sessionHi: number, sessionLo: number, cxid: number): Moment | null {
    return this.requests.take(sessionHi, sessionLo, cxid);
  }
}

interface ClientRequest {
  readonly sessionHi: number;
  readonly sessionLo: number;
  readonly cxid: number;
}

/** A request that a learner has handed on to its leader. */
export interface Request extends ClientRequest, Moment {}

/** Finds things by the client's request that they are of. Of fixed size: a newcomer takes the place of an older one. */
export class RequestTable<T extends ClientRequest> {
  private readonly slots: (T | null)[];

  /** @param size a power of two */
  constructor(size: number) {
    this.slots = new Array<T | null>(size).fill(null);
  }

  private slot(sessionHi: number, sessionLo: number, cxid: number): number {
    const mixed = Math.imul(sessionHi ^ Math.imul(sessionLo, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(cxid, 0xc2b2ae35);
    return (mixed ^ (mixed >>> 15)) & (this.slots.length - 1);
  }

  set(item: T): void {
    this.slots[this.slot(item.sessionHi, item.sessionLo, item.cxid)] = item;
  }

  get(sessionHi: number, sessionLo: number, cxid: number): T | null {
    const item = this.slots[this.slot(sessionHi, sessionLo, cxid)] ?? null;
    if (item?.cxid !== cxid || item.sessionLo !== sessionLo || item.sessionHi !== sessionHi) return null;
    return item;
  }

  take(sessionHi: number, sessionLo: number, cxid: number): T | null {
    const item = this.get(sessionHi, sessionLo, cxid);
    if (item !== null) this.slots[this.slot(sessionHi, sessionLo, cxid)] = null;
    return item;
  }
}

/** Deletes a map's oldest entry. */
export function deleteFirst(map: Map<unknown, unknown>): void {
  const first = map.keys().next();
  if (first.done !== true) map.delete(first.value);
}
