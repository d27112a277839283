import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import type { CountedEvent } from './grouping.js';
import {
  bucketed,
  Latencies,
  LiveRows,
  MOST_LATENCIES,
  type LiveLatency,
  type LiveNumbers,
  type LiveTaken,
} from './liveRows.js';
import { PathDepth } from './pathDepth.js';
import { SparseHistogram } from './sparseHistogram.js';

/** What rows of a live view can be about. */
export const liveTables = ['op', 'client', 'path', 'server'] as const;
export type LiveTable = (typeof liveTables)[number];

/** What was counted in an interval, until something is counted again. */
export interface LiveInterval {
  readonly total: LiveNumbers;
  readonly tables: Readonly<Record<LiveTable, LiveTaken>>;
}

/** Rows in which the latest message of a connection was counted: the next one counts in most of them, too. */
export interface LivePlace {
  epoch: number;
  client: number;
  server: number;
  op: string | null | undefined;
  opRow: number;
  path: string | undefined;
  pathRow: number;
  /** The latency of the message that is being counted, among those of the interval; below 0 for none. */
  latency: number;
}

/** Operations, clients, paths and servers, counted one interval after the other. */
export class LiveTables {
  private readonly latencies = new Latencies();
  private readonly op = new LiveRows(this.latencies);
  private readonly client = new LiveRows(this.latencies);
  private readonly paths = new LiveRows(this.latencies);
  private readonly server = new LiveRows(this.latencies);
  private readonly all = [this.op, this.client, this.paths, this.server];
  /** Latencies of this interval that were too many to be kept one by one. */
  private folded: SparseHistogram | null = null;
  private cutting: PathDepth;

  /** @param depth parts of paths that are told apart; null for all */
  constructor(depth: number | null) {
    this.cutting = new PathDepth(depth);
  }

  /** Parts of paths that are told apart from here on. */
  set depth(depth: number | null) {
    this.cutting = new PathDepth(depth);
  }

  /** The path as it is counted. */
  path(path: string): string {
    return this.cutting.cut(path);
  }

  /** Of a connection of which nothing was counted yet. */
  place(): LivePlace {
    return { epoch: -1, client: 0, server: 0, op: undefined, opRow: 0, path: undefined, pathRow: 0, latency: -1 };
  }

  /**
   * Counts a message under its operation, its client and its server.
   * @param latency nanoseconds; null if it is unknown
   */
  count(
    place: LivePlace,
    connection: ConnectionFacts,
    op: string | null,
    event: CountedEvent,
    bytes: number,
    failed: boolean,
    latency: number | null,
  ): void {
    const epoch = this.op.epoch + this.client.epoch + this.paths.epoch + this.server.epoch;
    if (place.epoch !== epoch) {
      place.epoch = epoch;
      place.op = undefined;
      place.path = undefined;
      place.client = this.client.rowOf(connection.client.ip);
      place.server = this.server.rowOf(connection.server.text);
      // All others: maybe there is room in the next interval.
      if (place.client === 0 || place.server === 0) place.epoch = -1;
    }
    if (place.op !== op) {
      place.op = op;
      place.opRow = this.op.rowOf(op);
    }
    place.latency = latency === null ? -1 : this.kept(latency);
    this.op.count(place.opRow, event, bytes, failed, place.latency);
    this.client.count(place.client, event, bytes, failed, place.latency);
    this.server.count(place.server, event, bytes, failed, place.latency);
  }

  /** Counts the same message under its path, which is one that `path()` gave. */
  countPath(place: LivePlace, path: string, event: CountedEvent, bytes: number, failed: boolean): void {
    this.paths.count(this.pathRow(place, path), event, bytes, failed, place.latency);
  }

  /** Counts a part of the same message under one of its paths. */
  countShare(place: LivePlace, path: string, event: CountedEvent, bytes: number, failed: boolean): void {
    const row = this.pathRow(place, path);
    this.paths.count(row, event, bytes, failed, -1);
    // A latency that is kept is in the chain of one row only.
    if (place.latency >= 0) this.paths.record(row, this.latencies.values[place.latency]!);
  }

  private pathRow(place: LivePlace, path: string): number {
    if (place.path !== path) {
      place.pathRow = this.paths.rowOf(path);
      place.path = place.pathRow === 0 ? undefined : path;
    }
    return place.pathRow;
  }

  /** What was counted since the last time. */
  take(): LiveInterval {
    const { latencies, folded } = this;
    const latency = folded === null ? latencies.all() : this.foldedTotal(folded);
    const tables = {
      op: this.op.take(),
      client: this.client.take(),
      path: this.paths.take(),
      server: this.server.take(),
    };
    latencies.used = 0;
    this.folded = null;
    return { total: sum(tables.server, latency), tables };
  }

  private foldedTotal(folded: SparseHistogram): LiveLatency | null {
    const { values, used } = this.latencies;
    for (let at = 0; at < used; at++) folded.record(values[at]!);
    return bucketed(folded);
  }

  /** The place of a latency among those of the interval. */
  private kept(latency: number): number {
    const { latencies } = this;
    if (latencies.used === MOST_LATENCIES) this.fold();
    latencies.values[latencies.used] = latency > 0 ? latency : 0;
    return latencies.used++;
  }

  private fold(): void {
    const { latencies } = this;
    this.folded ??= new SparseHistogram();
    for (const value of latencies.values) this.folded.record(value);
    for (const rows of this.all) rows.fold();
    latencies.used = 0;
  }
}

/** Every message is in one row of a table. */
function sum(table: LiveTaken, latency: LiveLatency | null): LiveNumbers {
  const total = {
    requests: 0,
    responses: 0,
    notifications: 0,
    errors: 0,
    bytesToServer: 0,
    bytesToClient: 0,
    latency,
  };
  for (const row of table.rows) {
    total.requests += table.requests(row);
    total.responses += table.responses(row);
    total.notifications += table.notifications(row);
    total.errors += table.errors(row);
    total.bytesToServer += table.bytesToServer(row);
    total.bytesToClient += table.bytesToClient(row);
  }
  return total;
}
