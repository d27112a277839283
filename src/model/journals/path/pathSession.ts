import type { Session } from '../../knowledge/session.js';
import type { ListSnapshot, PathReading, Told } from './pathFacts.js';

/**
 * Reads and notifications of one session that are kept; beyond it the oldest go.
 * @bound events
 */
const KEPT = 4000;

/** What one session read of a path, and what it was told. */
export class PathSession {
  readonly lists: PathReading[] = [];
  readonly data: PathReading[] = [];
  readonly told: Told[] = [];
  /** Reads and notifications that were too many to keep. */
  forgotten = 0;
  /** As the model saw it when the session ended, or at the end of the capture. */
  holdsChildWatch = false;
  holdsDataWatch = false;
  everChildWatch = false;
  everDataWatch = false;
  /** Since when a recursive watch on the path or above it names every change of its children; null without one. */
  namedSince: number | null = null;

  constructor(readonly session: Session) {}

  addList(reading: PathReading): void {
    const last = this.lists.at(-1);
    if (last?.watch === reading.watch && last.list === reading.list && last.fetched === null) {
      again(last, reading);
      return;
    }
    this.push(this.lists, reading);
  }

  addData(reading: PathReading): void {
    const last = this.data.at(-1);
    if (
      last?.watch === reading.watch &&
      last.err === reading.err &&
      last.mzxid === reading.mzxid &&
      last.op === reading.op
    ) {
      again(last, reading);
      return;
    }
    this.push(this.data, reading);
  }

  addTold(told: Told): void {
    this.push(this.told, told);
  }

  /** The session asked for a child of the path. */
  fetches(name: string): void {
    const reading = this.lists.at(-1);
    if (reading === undefined) return;
    reading.fetched ??= new Set();
    reading.fetched.add(name);
  }

  /** Its list before the latest. */
  get latestList(): ListSnapshot | null {
    return this.lists.at(-1)?.list ?? null;
  }

  private push<T>(items: T[], item: T): void {
    items.push(item);
    if (items.length <= KEPT) return;
    this.forgotten += KEPT / 4;
    items.splice(0, KEPT / 4);
  }
}

function again(last: PathReading, reading: PathReading): void {
  last.count++;
  last.lastFrame = reading.frame;
  last.lastTime = reading.time;
}
