import { Cursor } from '../zookeeper/cursor.js';
import { StringTable } from '../zookeeper/stringTable.js';
import { deleteFirst, Proposals } from './proposals.js';
import { ServerIds } from './serverIds.js';

const MOST_LEADERS = 64;

/** What the connections of one run's ensembles share. Leaders are told apart by address and port. */
export class Ensemble {
  readonly ids = new ServerIds();
  readonly strings = new StringTable(12);
  readonly cursor = new Cursor(this.strings);
  private readonly leaders = new Map<string, Proposals>();

  /** Proposals of the leader at this address; `joined` of a connection that begins, to be followed by `left`. */
  joined(leader: string): Proposals {
    let proposals = this.leaders.get(leader);
    if (proposals === undefined) {
      proposals = new Proposals();
      this.leaders.set(leader, proposals);
      if (this.leaders.size > MOST_LEADERS) deleteFirst(this.leaders);
    }
    proposals.connections++;
    return proposals;
  }

  left(leader: string, proposals: Proposals): void {
    if (--proposals.connections === 0 && this.leaders.get(leader) === proposals) this.leaders.delete(leader);
  }
}
