import type { Clock } from '../../observations/inputs.js';
import type { Lease, LeaseTable } from '../../model/neighbours/leases.js';
import { seconds } from '../../observations/seconds.js';

/** `leases[]` of `zkscope leases --json`. Durations are seconds; null where there is nothing to measure. */
export interface LeaseEntry {
  /** Signed decimal: 64 bits do not fit a JSON number. */
  id: string;
  hex: string;
  /** `POST /leases` between members. */
  renewals: number;
  /** LeaseKeepAlive messages of clients. */
  grpcRenewals: number;
  /** Of those, named by their shape only: the start of the connection was not captured. */
  guessedRenewals?: number;
  minInterval: number | null;
  medianInterval: number | null;
  maxInterval: number | null;
  /** What intervals, first and last are counted by: `http` where the lease has any `POST /leases`, else `grpc`. */
  intervalsOf: 'http' | 'grpc';
  ttls: number[];
  /** How many times more often than every TTL/3, by the median; null where TTL or median is unknown. */
  timesTooOften: number | null;
  senders: string[];
  clients: string[];
  first: string;
  last: string;
  /** When the rate changed from the right one to a storm. */
  onset: string | null;
  /** It is, or was, renewed far too often. */
  storm: boolean;
  /** Renewals answered that there is no such lease, or by another error. */
  notFound: number;
  failed: number;
}

/** What `zkscope leases --json` prints. */
export interface LeasesDocument {
  schemaVersion: 1;
  /** All `POST /leases`, also those whose lease the capture lost. */
  renewals: number;
  grpcRenewals: number;
  guessedRenewals: number;
  /** `POST /leases/internal`: LeaseTimeToLive between members, which renews nothing. */
  timeToLiveRequests: number;
  /** Answers to `POST /leases` by HTTP status. */
  statuses: Record<string, number>;
  /** `POST /leases` whose lease id was not captured, or that are of more leases than are kept. */
  withoutLease: number;
  leases: LeaseEntry[];
  /** The reading was ended by a signal: what came later is not counted. */
  interrupted?: true;
}

const SECOND = 1e9;
/**
 * The table as a document; `table.end()` must have been called.
 * @param interrupted the captures were not read to their end
 */
export function leasesDocument(table: LeaseTable, clock: Clock, interrupted = false): LeasesDocument {
  const statuses: Record<string, number> = {};
  for (const [status, count] of [...table.statuses].sort((a, b) => a[0] - b[0])) statuses[String(status)] = count;
  return {
    schemaVersion: 1,
    renewals: table.renewals,
    grpcRenewals: table.grpcRenewals,
    guessedRenewals: table.guessedGrpc,
    timeToLiveRequests: table.internal,
    statuses,
    withoutLease: table.withoutId + table.notKept,
    leases: table.all().map((lease) => leaseEntry(lease, clock)),
    ...(interrupted ? { interrupted: true } : {}),
  };
}

function leaseEntry(lease: Lease, clock: Clock): LeaseEntry {
  const { main, ttl, onset } = lease;
  const { intervals } = main;
  const measured = intervals.count > 0;
  const median = intervals.median();
  const often = ttl === null || ttl <= 0 || median === null || median <= 0 ? null : (ttl * SECOND) / 3 / median;
  return {
    id: lease.id.decimal,
    hex: lease.id.hex,
    renewals: lease.http.count,
    grpcRenewals: lease.grpc.count,
    ...(lease.guessedGrpc > 0 ? { guessedRenewals: lease.guessedGrpc } : {}),
    minInterval: measured ? seconds(intervals.min) : null,
    medianInterval: median === null ? null : seconds(median),
    maxInterval: measured ? seconds(intervals.max) : null,
    intervalsOf: main === lease.http ? 'http' : 'grpc',
    ttls: [...lease.ttls],
    timesTooOften: often === null ? null : Math.round(often * 100) / 100,
    senders: [...(lease.http.count > 0 ? lease.senders : lease.clients)],
    clients: [...lease.clients],
    first: clock.format(main.first?.time ?? 0),
    last: clock.format(main.last?.time ?? 0),
    onset: onset === null ? null : clock.format(onset.time),
    storm: lease.storm !== null,
    notFound: lease.notFound,
    failed: lease.failed,
  };
}
