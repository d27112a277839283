import { nameBytes, namesBytes, type Room } from '../../knowledge/room.js';
import type { Session } from '../../knowledge/session.js';
import type { ListSnapshot, PathReading, Told } from './pathFacts.js';

/**
 * Reads and notifications of one session that are kept; beyond it the oldest go.
 * @bound events
 */
const KEPT = 4000;
/** Bytes that one takes; a notification keeps what is known of its connection. */
const EVENT_BYTES = 300;
const FETCHED_BYTES = 40;

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

  constructor(
    readonly session: Session,
    /** What all sessions share. */
    private readonly room: Room,
  ) {}

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
    if (reading.fetched.has(name)) return;
    // Where there is no room it is known that it fetches, but not what: nobody is told to have left a child out.
    if (this.room.take(FETCHED_BYTES + nameBytes(name))) reading.fetched.add(name);
    else this.forgotten++;
  }

  /** These lists are no longer kept. */
  forgetLists(lists: ReadonlySet<ListSnapshot>): void {
    for (const reading of this.lists) if (reading.list !== null && lists.has(reading.list)) reading.list = null;
  }

  /** Its list before the latest. */
  get latestList(): ListSnapshot | null {
    return this.lists.at(-1)?.list ?? null;
  }

  private push<T extends PathReading | Told>(items: T[], item: T): void {
    if (items.length >= KEPT || !this.room.take(EVENT_BYTES)) {
      const oldest = items.splice(0, Math.max(1, items.length >>> 2));
      for (const event of oldest) this.room.give(EVENT_BYTES + fetchedBytes(event));
      this.forgotten += Math.max(1, oldest.length);
      if (!this.room.take(EVENT_BYTES)) return;
    }
    items.push(item);
  }
}

function fetchedBytes(event: PathReading | Told): number {
  if (!('fetched' in event) || event.fetched === null) return 0;
  return event.fetched.size * FETCHED_BYTES + namesBytes(event.fetched);
}

function again(last: PathReading, reading: PathReading): void {
  last.count++;
  last.lastFrame = reading.frame;
  last.lastTime = reading.time;
}
