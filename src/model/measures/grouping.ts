import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import type { LatencyParts } from '../../observations/inputs.js';
import { nameBytes } from '../knowledge/room.js';
import { PathDepth } from './pathDepth.js';
import { SparseHistogram } from './sparseHistogram.js';

/** What messages can be grouped by. */
export const dimensions = ['op', 'path', 'client', 'server', 'session', 'error', 'connection'] as const;
export type Dimension = (typeof dimensions)[number];

/** Where the time of answers went whose connections were captured at both ends. */
export class PartCounts {
  readonly wayThere = new SparseHistogram();
  readonly inServer = new SparseHistogram();
  readonly wayBack = new SparseHistogram();

  record({ wayThere, inServer, wayBack }: LatencyParts): void {
    this.wayThere.record(wayThere);
    this.inServer.record(inServer);
    this.wayBack.record(wayBack);
  }

  merge(other: PartCounts): void {
    this.wayThere.merge(other.wayThere);
    this.inServer.merge(other.inServer);
    this.wayBack.merge(other.wayBack);
  }
}

/** Numbers of one group. Bytes are those of the messages with their length prefix; latencies are nanoseconds. */
export class Counts {
  requests = 0;
  responses = 0;
  notifications = 0;
  /** Answers with an error. */
  errors = 0;
  /** Requests whose connection, or the capture, ended without an answer (and without a gap that may have held it). */
  unanswered = 0;
  bytesToServer = 0;
  bytesToClient = 0;
  readonly latency = new SparseHistogram();
  /** Null while no answer came over a connection that was captured at both ends. */
  parts: PartCounts | null = null;

  merge(other: Counts): void {
    this.requests += other.requests;
    this.responses += other.responses;
    this.notifications += other.notifications;
    this.errors += other.errors;
    this.unanswered += other.unanswered;
    this.bytesToServer += other.bytesToServer;
    this.bytesToClient += other.bytesToClient;
    this.latency.merge(other.latency);
    if (other.parts !== null) (this.parts ??= new PartCounts()).merge(other.parts);
  }
}

/** One value of each dimension; null where there is none, or it is not known. */
export type GroupValue = string | number | null;

export interface Group {
  /** In the order of the grouping's dimensions. */
  readonly values: readonly GroupValue[];
  /** Start of the time bucket, nanoseconds since the base of the Clock; null where there are none. */
  readonly start: number | null;
  readonly counts: Counts;
}

/** What happens to the counts of a group. */
export type CountedEvent = 'request' | 'response' | 'notification' | 'unanswered' | 'unansweredRequest';

/** Where one count belongs. */
export interface GroupPlace {
  readonly op: string | null;
  readonly path: string | null;
  readonly connection: ConnectionFacts;
  readonly session: string | null;
  readonly error: string | null;
  readonly time: number;
}

export interface GroupingOptions {
  readonly by: readonly Dimension[];
  /** Parts of a path that are kept: 2 makes `/a/b` of `/a/b/c`. Null keeps all. */
  readonly depth?: number | null;
  /** Length of a time bucket in nanoseconds; null for none. */
  readonly interval?: number | null;
  /** Whole second that times count from (the Clock's base), so that buckets begin at round times; asked for when needed. */
  readonly baseSeconds?: () => number;
  /** What has no path is not counted. */
  readonly onlyWithPath?: boolean;
  /** Groups that are told apart (each time bucket counts); the rest is one sum. */
  readonly maxGroups?: number;
  readonly maxBytes?: number;
}

/**
 * Groups that are told apart unless told otherwise.
 * @bound groups
 */
export const MAX_GROUPS = 100_000;
/**
 * What they take, names and what leads to them: beyond it no more are told apart.
 * @bound bytes
 */
const MAX_BYTES = 32 * 1024 * 1024;
/** What a group takes beside its names, and each step that leads to it. */
const GROUP_BYTES = 120;
const STEP_BYTES = 80;

type Branch = Map<GroupValue, Branch | Group>;

/** Counts by any combination of dimensions and by time, in bounded memory. */
export class Grouping {
  readonly by: readonly Dimension[];
  readonly groups: Group[] = [];
  /** Sum of what would have made more groups than are kept; null while nothing did. */
  other: Counts | null = null;
  readonly hasOp: boolean;
  readonly hasPath: boolean;
  readonly hasError: boolean;
  readonly onlyWithPath: boolean;
  /** Operation and path alone tell the groups of one connection apart. */
  readonly steady: boolean;
  private readonly root: Branch = new Map();
  /** What the groups take. */
  private bytes = 0;
  private readonly depth: PathDepth;
  private readonly interval: number | null;
  private readonly maxGroups: number;
  private readonly maxBytes: number;
  private readonly baseSeconds: () => number;
  private readonly clientWithPort: boolean;
  private offset: number | null = null;
  /** The one dimension that it groups by, where nothing else tells groups apart. */
  private readonly only: Dimension | null;
  private latestKey: GroupValue = null;
  private latest: Group | null = null;

  constructor(options: GroupingOptions) {
    this.by = options.by;
    this.depth = new PathDepth(options.depth ?? null);
    this.interval = options.interval ?? null;
    this.maxGroups = options.maxGroups ?? MAX_GROUPS;
    this.maxBytes = options.maxBytes ?? MAX_BYTES;
    this.baseSeconds = options.baseSeconds ?? (() => 0);
    this.hasOp = options.by.includes('op');
    this.hasPath = options.by.includes('path');
    this.onlyWithPath = options.onlyWithPath ?? false;
    this.hasError = options.by.includes('error');
    this.steady = this.interval === null && !this.hasError && !options.by.includes('session');
    const [only] = options.by;
    this.only = options.by.length === 1 && this.interval === null ? only! : null;
    this.clientWithPort = options.by.includes('connection');
  }

  /** The path as it is grouped. */
  path(path: string): string {
    return this.depth.cut(path);
  }

  /** Counts of the group that something belongs to; `place.path` is one that `path()` gave. */
  at(place: GroupPlace): Counts {
    return this.countsOf(this.groupAt(place));
  }

  /** The group that something belongs to; null where there are too many. */
  groupAt(place: GroupPlace): Group | null {
    const { by, interval, only } = this;
    if (only !== null) return this.byOne(only, place);
    const keys = by.length + (interval === null ? 0 : 1);
    let branch = this.root;
    for (let i = 0; i < keys; i++) {
      const key = i < by.length ? this.value(by[i]!, place) : this.bucket(place.time);
      const next = branch.get(key);
      if (i === keys - 1) return next === undefined ? this.add(branch, key, place) : (next as Group);
      if (next !== undefined) branch = next as Branch;
      else {
        if (this.isFull) return null;
        const grown: Branch = new Map();
        branch.set(key, grown);
        branch = grown;
      }
    }
    // Nothing to group by: one group.
    return (this.root.get(null) as Group | undefined) ?? this.add(this.root, null, place);
  }

  /** Counts of a group; of all others for null. */
  countsOf(group: Group | null): Counts {
    return group === null ? (this.other ??= new Counts()) : group.counts;
  }

  private byOne(dimension: Dimension, place: GroupPlace): Group | null {
    const key = this.value(dimension, place);
    // An answer often comes next after its request.
    if (this.latest !== null && key === this.latestKey) return this.latest;
    const group = (this.root.get(key) as Group | undefined) ?? this.add(this.root, key, place);
    this.latest = group;
    this.latestKey = key;
    return group;
  }

  private get isFull(): boolean {
    return this.groups.length >= this.maxGroups || this.bytes >= this.maxBytes;
  }

  private add(branch: Branch, key: GroupValue, place: GroupPlace): Group | null {
    if (this.isFull) return null;
    const start = this.interval === null ? null : this.bucket(place.time) * this.interval - this.offset!;
    const values = this.by.map((name) => this.value(name, place));
    const group: Group = { values, start, counts: new Counts() };
    branch.set(key, group);
    this.bytes += GROUP_BYTES;
    for (const value of values) this.bytes += STEP_BYTES + (typeof value === 'string' ? nameBytes(value) : 0);
    this.groups.push(group);
    return group;
  }

  private value(dimension: Dimension, place: GroupPlace): GroupValue {
    switch (dimension) {
      case 'op':
        return place.op;
      case 'path':
        return place.path;
      case 'client':
        return this.clientWithPort ? place.connection.client.text : place.connection.client.ip;
      case 'server':
        return place.connection.server.text;
      case 'session':
        return place.session;
      case 'error':
        return place.error;
      case 'connection':
        return place.connection.id;
    }
  }

  /** Number of the time bucket, counted from the epoch. */
  private bucket(time: number): number {
    const interval = this.interval!;
    this.offset ??= Number((BigInt(this.baseSeconds()) * 1_000_000_000n) % BigInt(interval));
    return Math.floor((time + this.offset) / interval);
  }
}
