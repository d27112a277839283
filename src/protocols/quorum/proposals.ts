import type { Moment } from '../../network/connection.js';

/** A learner's acknowledgement of a proposal. */
export interface Ack extends Moment {
  /** Server id, null where the capture has not shown it; IP address of the learner. */
  readonly server: number | null;
  readonly ip: string;
  /** Nanoseconds since the proposal was sent to this learner. */
  readonly latency: number;
}

/** A transaction that a leader proposed: first PROPOSAL, who acknowledged when, first COMMIT. */
export interface Proposal {
  readonly zxid: number;
  /** Address of the leader, and the server's id where known. */
  readonly leader: string;
  /** Session `0x…` and xid of the client's request. */
  readonly session: string;
  readonly cxid: number;
  /** Name of the transaction: the operation's, or `error`. */
  readonly txn: string;
  readonly path: string | null;
  /** Length of the whole proposal in bytes. */
  readonly length: number;
  /** The learner's REQUEST that led to it, where it was captured. */
  readonly request: Moment | null;
  /** First PROPOSAL to any learner. */
  readonly proposed: Moment;
  readonly acks: Ack[];
  committed: Moment | null;
  /** The acknowledgement that was the latest when the commit was seen: it completed the quorum. */
  decidedBy: Ack | null;
}

const MOST_PROPOSALS = 4096;
const MOST_REQUESTS = 4096;
const MOST_ACKS = 32;

/** Proposals of one leader that may still be acknowledged or committed. Bounded: the oldest are forgotten. */
export class Proposals {
  /** Connections of learners to this leader. */
  connections = 0;
  private readonly byZxid = new Map<number, Proposal>();
  private readonly requests = new Map<string, Moment>();

  get(zxid: number): Proposal | null {
    return this.byZxid.get(zxid) ?? null;
  }

  add(proposal: Proposal): void {
    this.byZxid.set(proposal.zxid, proposal);
    if (this.byZxid.size > MOST_PROPOSALS) deleteFirst(this.byZxid);
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
  requested(session: string, cxid: number, moment: Moment): void {
    this.requests.set(`${session}/${cxid}`, moment);
    if (this.requests.size > MOST_REQUESTS) deleteFirst(this.requests);
  }

  takeRequest(session: string, cxid: number): Moment | null {
    if (this.requests.size === 0) return null;
    const key = `${session}/${cxid}`;
    const moment = this.requests.get(key);
    if (moment === undefined) return null;
    this.requests.delete(key);
    return moment;
  }
}

/** Deletes a map's oldest entry. */
export function deleteFirst(map: Map<unknown, unknown>): void {
  const first = map.keys().next();
  if (first.done !== true) map.delete(first.value);
}
