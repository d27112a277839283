import { ChildTimeline } from './childTimeline.js';
import { DataTimeline } from './dataTimeline.js';
import { judge, type Judgement } from './judgement.js';
import type { PathReading } from './pathFacts.js';
import type { PathHistory } from './pathHistory.js';
import type { PathSession } from './pathSession.js';
import { listUse } from './usedLists.js';

/** What one session took for the list of children at some moment. */
export interface Belief {
  readonly own: PathSession;
  readonly reading: PathReading;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
}

/** The list of children at some moment: the server's, and what each session that lived then took for it. */
export interface ListAt {
  readonly time: number;
  /** Null where no list was captured. */
  readonly server: readonly string[] | null;
  readonly beliefs: readonly Belief[];
  /** Sessions that watch or read the path, lived then, and whose list the capture does not show (not yet, or not at all). */
  readonly unknown: readonly PathSession[];
}

/** A path's history, put in the server's order, and every session's knowledge of it compared with that. */
export class PathKnowledge {
  readonly children: ChildTimeline;
  readonly data: DataTimeline;
  readonly judgements: readonly Judgement[];

  /** @param end time of the capture's last frame */
  constructor(
    readonly history: PathHistory,
    readonly end: number,
  ) {
    this.children = new ChildTimeline(history);
    this.data = new DataTimeline(history);
    const judgements: Judgement[] = [];
    for (const own of history.sessions.values()) {
      const child = own.lists.length > 0 || own.everChildWatch;
      if (child) judgements.push(judge(own, 'child', this.children, end, history.sessions));
      if (own.data.length > 0 || own.everDataWatch || !child)
        judgements.push(judge(own, 'data', this.data, end, history.sessions));
    }
    this.judgements = judgements;
  }

  /** The list of children as it was at `time`. */
  at(time: number): ListAt {
    const changes = this.children.changes;
    const server = this.children.base === null ? null : new Set(this.children.base);
    if (server !== null) {
      for (const change of changes) {
        if (change.time > time) continue;
        if (change.kind === 'create') server.add(change.child!);
        else server.delete(change.child!);
      }
    }
    const beliefs: Belief[] = [];
    const unknown: PathSession[] = [];
    for (const own of this.history.sessions.values()) {
      const { session } = own;
      if (session.start.time > time || (session.endMoment !== null && session.endMoment.time <= time)) continue;
      if (own.lists.length === 0 && !own.everChildWatch) continue;
      const use = listUse(own.lists);
      const reading = own.lists.findLast((candidate, i) => candidate.time <= time && use.used[i] === true);
      if (reading?.list == null || server === null) unknown.push(own);
      else beliefs.push({ own, reading, ...compare(server, reading.list.names) });
    }
    return { time, server: server === null ? null : [...server], beliefs, unknown };
  }
}

function compare(server: ReadonlySet<string>, names: readonly string[]): { missing: string[]; extra: string[] } {
  const had = new Set(names);
  return { missing: [...server].filter((name) => !had.has(name)), extra: names.filter((name) => !server.has(name)) };
}
