import type { CaptureTime, Count, Integer, NotNegative } from '../../observations/values.js';
import type { Clock } from '../../observations/inputs.js';
import type { Lease, LeaseTable } from '../../model/neighbours/leases.js';
import { seconds } from '../../observations/seconds.js';

/** `leases[]` of `zkscope leases --json`. Durations are seconds; null where there is nothing to measure. */
export interface LeaseEntry {
  /** 64-bit lease id, signed decimal: 64 bits do not fit a JSON number
   * @pattern ^-?[1-9][0-9]{0,18}$ */
  id: string;
  /** the same, two's complement
   * @pattern ^0x[1-9a-f][0-9a-f]{0,15}$ */
  hex: string;
  /** `POST /leases` of this id, between members */
  renewals: Count;
  /** LeaseKeepAlive messages of clients */
  grpcRenewals: Count;
  /** of those, named by their shape only: the start of the connection was not captured */
  guessedRenewals?: Count;
  /** seconds; null below two renewals */
  minInterval: NotNegative | null;
  /** seconds; null below two renewals */
  medianInterval: NotNegative | null;
  /** seconds; null below two renewals */
  maxInterval: NotNegative | null;
  /** which renewals intervals, first and last are of: http where the lease has any `POST /leases`, else grpc */
  intervalsOf: 'http' | 'grpc';
  /** seconds, as answers gave them */
  ttls: Integer[];
  /** TTL/3 divided by the median interval; null where TTL or median is unknown */
  timesTooOften: NotNegative | null;
  /** ip */
  senders: string[];
  /** ip */
  clients: string[];
  first: CaptureTime;
  last: CaptureTime;
  /** first early renewal after the right rhythm; null where the rate did not change */
  onset: CaptureTime | null;
  /** it is, or was, renewed far too often */
  storm: boolean;
  /** renewals answered that there is no such lease */
  notFound: Count;
  /** renewals answered by another error */
  failed: Count;
}

/** What `zkscope leases --json` prints: renewals of etcd leases. */
export interface LeasesDocument {
  schemaVersion: 1;
  /** `POST /leases` in all, also those whose lease the capture lost */
  renewals: Count;
  grpcRenewals: Count;
  guessedRenewals: Count;
  /** `POST /leases/internal`: LeaseTimeToLive between members, which renews nothing */
  timeToLiveRequests: Count;
  /** answers to `POST /leases` by HTTP status */
  statuses: Record<string, Count>;
  /** `POST /leases` whose lease id was not captured, or that are of more leases than are kept */
  withoutLease: Count;
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
