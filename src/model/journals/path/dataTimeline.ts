import type { PathChange, PathReading } from './pathFacts.js';
import type { PathHistory } from './pathHistory.js';
import { firstAfter } from './zxidOrder.js';

/** The znode's own life in the server's order: created, data set, deleted; what only Stats show is filled in. */
export class DataTimeline {
  /** All that happened to the znode, by zxid; and without the changes of its ACL, which no watch announces. */
  readonly events: readonly PathChange[];
  readonly changes: readonly PathChange[];
  private readonly zxids: number[];

  constructor(history: PathHistory) {
    const known = new Set(history.ownChanges.map((change) => change.zxid));
    const changes = history.ownChanges.map((change) => ({ ...change }));
    const firstRead = Math.min(...[...history.versions.values()].map((version) => version.time));
    for (const [mzxid, stat] of history.versions) {
      if (known.has(mzxid)) continue;
      known.add(mzxid);
      const created = mzxid === stat.czxid;
      // What was there when the capture first saw it is not news.
      if (stat.time === firstRead && history.ownChanges.every((change) => change.zxid > mzxid)) continue;
      changes.push({
        kind: created ? 'create' : 'setData',
        child: null,
        cause: 'unknown',
        knownFrom: 'stat',
        zxid: mzxid,
        exact: true,
        after: -1,
        frame: stat.frame,
        time: stat.time,
        by: null,
        version: stat.version,
        ephemeral: stat.owner !== '0x0',
      });
    }
    const seen = history.deletedSeen;
    if (seen !== null && !changes.some((change) => change.kind === 'delete')) {
      const last = changes.reduce((max, change) => (change.time <= seen.time ? Math.max(max, change.zxid) : max), -1);
      changes.push({
        kind: 'delete',
        child: null,
        cause: 'unknown',
        knownFrom: 'notification',
        // Between the changes before and after it; not a zxid to be printed.
        zxid: last + 0.5,
        exact: false,
        after: last,
        frame: seen.frame,
        time: seen.time,
        by: null,
        version: null,
        ephemeral: null,
      });
    }
    changes.sort((a, b) => a.zxid - b.zxid);
    for (const change of changes) {
      const read = history.versions.get(change.zxid);
      if (read !== undefined && read.time < change.time) {
        change.time = read.time;
        change.frame = read.frame;
      }
    }
    this.events = changes;
    this.changes = changes.filter((change) => change.kind !== 'setACL');
    this.zxids = this.changes.map((change) => change.zxid);
  }

  /** Index of the first change after a zxid. */
  firstAfter(zxid: number): number {
    return firstAfter(this.zxids, zxid);
  }

  /** The place of a reading among the changes: the mzxid that it saw, or the reply's zxid where there was no znode. */
  position(reading: PathReading): number {
    return reading.err === 0 ? reading.mzxid : reading.zxid;
  }
}
