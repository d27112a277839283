import { Cursor } from '../zookeeper/format/cursor.js';
import { StringTable } from '../zookeeper/stringTable.js';
import { Proposals, RequestTable, type Request } from './zab/proposals.js';
import { ServerIds } from './serverIds.js';

/**
 * Leaders of an ensemble, by their addresses.
 * @bound leaders
 */
const MOST_LEADERS = 64;
/**
 * Proposals that wait for an ACK on all connections together.
 * @bound proposals
 */
const MOST_WAITING = 500_000;

/** What the connections of one run's ensembles share. Leaders are told apart by address and port. */
export class Ensemble {
  readonly ids = new ServerIds();
  readonly strings = new StringTable(12);
  readonly cursor = new Cursor(this.strings);
  private readonly leaders = new Map<string, Proposals>();
  private readonly requests = new RequestTable<Request>(8192);
  private waiting = 0;

  /** Whether one more proposal may be remembered until its ACK; to be given back by `released`. */
  reserve(): boolean {
    if (this.waiting >= MOST_WAITING) return false;
    this.waiting++;
    return true;
  }

  released(count: number): void {
    this.waiting -= count;
  }

  /** Proposals of the leader at this address; `joined` of a connection that begins, to be followed by `left`. */
  joined(leader: string): Proposals {
    let proposals = this.leaders.get(leader);
    if (proposals === undefined) {
      proposals = new Proposals(this.requests);
      this.leaders.set(leader, proposals);
      if (this.leaders.size > MOST_LEADERS) this.retireOldest();
    }
    proposals.connections++;
    return proposals;
  }

  private retireOldest(): void {
    for (const [address, proposals] of this.leaders) {
      proposals.retire();
      this.leaders.delete(address);
      return;
    }
  }

  left(leader: string, proposals: Proposals): void {
    if (--proposals.connections === 0 && this.leaders.get(leader) === proposals) this.leaders.delete(leader);
  }
}
