import { duration, listing, plural } from '../../observations/words.js';
import type { Lease, RenewalStorm } from '../../model/index.js';
import { type DataValue, type Evidence, Instant } from '../finding.js';
import { defineRule } from '../rule.js';
import { seconds } from '../../observations/seconds.js';

interface Stormy {
  readonly lease: Lease;
  readonly storm: RenewalStorm;
  readonly median: number;
  /** How many times more often than every TTL/3. */
  readonly factor: number;
}

const LISTED = 200;
const REMEDY =
  'Find the clients that hold these leases and stop the loop: etcd’s Go client renews every 500 ms for ever once the channel that KeepAlive returns is full and nobody reads it (clientv3 before 3.3.9, July 2018). Upgrade it, read that channel to its end, and keep one KeepAlive for each lease. Until then each renewal that reaches a follower costs a request between members as well.';

export const leaseRenewalStorm = defineRule({
  meta: {
    name: 'lease-renewal-storm',
    summary: 'etcd leases are renewed far more often than every third of their TTL',
    documentation: {
      meaning:
        'A client that keeps an etcd lease alive renews it every TTL/3. Here leases are renewed much more often, for a long time: a client loops. Every renewal that reaches a follower is forwarded to the leader as POST /leases, so that many such leases load the whole cluster. It is an error where the rate rose in the capture or is four times the right one and more, while the storm lasts to the end; otherwise a warning.',
      proof:
        'At least ten renewals of one lease in a row, each less than 0.6 × TTL/3 after the one before, with the TTL that the answers give; the median interval against TTL/3, and the first renewal that came early. Proven where an answer in the capture gives the TTL.',
      lookalikes:
        'Renewals sent again during a change of leader, or back to back after the leader hung: few in a row. TTLs below 3 s, which a client that ticks every 500 ms cannot renew evenly. LeaseTimeToLive (POST /leases/internal), which renews nothing. Leases whose TTL was not captured are not judged.',
      remedy: REMEDY,
    },
    options: {
      minimum: {
        type: 'number',
        default: 10,
        min: 1,
        unit: 'renewals',
        description: 'Early renewals of a lease from which on it counts',
      },
    },
  },
  unfollowed: true,
  create({ model, options, report }) {
    return {
      end() {
        const stormy: Stormy[] = [];
        for (const lease of model.leases.all()) {
          const { storm, ttl } = lease;
          if (storm === null || ttl === null || storm.early < options.minimum) continue;
          const series = lease.grpc.storm === storm ? lease.grpc : lease.http;
          const median = series.intervals.median() ?? 0;
          stormy.push({ lease, storm, median, factor: (ttl * 1e9) / 3 / Math.max(median, 1) });
        }
        if (stormy.length === 0) return;
        stormy.sort((a, b) => a.storm.since.time - b.storm.since.time);
        const first = stormy[0]!;
        const leases = stormy.map(({ lease }) => lease);
        const from = first.storm.since.time;
        const to = Math.max(...stormy.map(({ storm }) => storm.last.time));
        const start = Math.min(...leases.map((lease) => lease.main.first?.time ?? from));
        const changed = stormy.filter(({ storm }) => storm.changed);
        const lasting = stormy.filter(({ storm }) => !storm.over);
        const bad = lasting.some(({ factor, storm }) => factor >= 4 || storm.changed);
        const posts = leases.reduce((sum, lease) => sum + lease.http.count, 0);
        const grpc = leases.reduce((sum, lease) => sum + lease.grpc.count, 0);
        const medians = stormy.map(({ median }) => median).sort((a, b) => a - b);
        const ttls = [...new Set(leases.flatMap((lease) => lease.ttls))].sort((a, b) => a - b);
        const proven = leases.every((lease) => lease.ttls.length > 0);
        const began =
          changed.length === 0
            ? 'they came that fast from their first renewal in the capture on'
            : `the rate rose ${changed.length < stormy.length ? `for ${changed.length} of them ` : ''}in the capture`;
        const counts = [
          ...(posts > 0 ? [`${posts} POST /leases`] : []),
          ...(grpc > 0 ? [plural(grpc, 'LeaseKeepAlive message')] : []),
        ];
        report({
          severity: bad ? 'error' : 'warning',
          confidence: proven ? 'proven' : 'likely',
          title: 'Lease renewal storm',
          message: `${plural(stormy.length, 'lease')} (TTL ${listing(
            ttls.map((ttl) => `${ttl} s`),
            4,
          )}) ${stormy.length === 1 ? 'is' : 'are'} renewed every ${duration(medians[Math.floor(medians.length / 2)]!)} instead of every TTL/3, up to ${Math.round(Math.max(...stormy.map(({ factor }) => factor)))} times as often: ${counts.join(' and ')} in ${duration(to - start)}; ${began}.`,
          remedy: REMEDY,
          ...subject(leases),
          from,
          to,
          evidence: evidence(changed[0] ?? first),
          data: {
            leases: stormy.length,
            distinctLeases: model.leases.all().length,
            totalRenewals: model.leases.renewals,
            totalGrpcRenewals: model.leases.grpcRenewals,
            renewals: posts,
            grpcRenewals: grpc,
            medianInterval: seconds(medians[Math.floor(medians.length / 2)]!),
            ttls,
            lasting: lasting.length,
            changed: changed.length,
            senders: unique(leases.flatMap((lease) => lease.senders)),
            clients: unique(leases.flatMap((lease) => lease.clients)),
            affected: stormy.slice(0, LISTED).map(leaseData),
            ...(stormy.length > LISTED ? { affectedNotListed: stormy.length - LISTED } : {}),
          },
        });
      },
    };
  },
});

function leaseData({ lease, storm, median, factor }: Stormy): DataValue {
  return {
    id: lease.id.decimal,
    hex: lease.id.hex,
    ttl: lease.ttl,
    renewals: lease.http.count,
    grpcRenewals: lease.grpc.count,
    early: storm.early,
    medianInterval: seconds(median),
    timesTooOften: Math.round(factor * 10) / 10,
    onset: lease.onset === null ? null : new Instant(lease.onset.time),
    lasting: !storm.over,
    frames: [storm.since.frame, storm.last.frame],
  };
}

function evidence({ lease, storm, median }: Stormy): Evidence[] {
  const { id, ttl } = lease;
  const series = lease.grpc.storm === storm ? lease.grpc : lease.http;
  const found: Evidence[] = [];
  if (series.first !== null) found.push({ ...series.first, text: `first renewal of lease ${id.decimal} (${id.hex})` });
  found.push({
    ...storm.since,
    text: `the first that comes early: less than 0.6 × TTL/3 (TTL ${ttl ?? 0} s) after the one before${storm.changed ? ', where the rhythm had been right' : ''}`,
  });
  found.push({ ...storm.last, text: `the latest of ${storm.early} early ones; median interval ${duration(median)}` });
  return found;
}

function unique(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].slice(0, LISTED);
}

/** The one client host or member that all of it comes from. */
function subject(leases: readonly Lease[]): { client?: string } {
  const clients = unique(leases.flatMap((lease) => (lease.clients.length > 0 ? lease.clients : lease.senders)));
  return clients.length === 1 ? { client: clients[0]! } : {};
}
