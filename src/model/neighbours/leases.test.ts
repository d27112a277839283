import type { Message } from '../../protocols/registry.js';
import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import { sinkOf } from '../../observations/forward.js';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { etcd } from '../../protocols/etcd/index.js';
import { EtcdMessage } from '../../protocols/etcd/message.js';
import { CaptureReader } from '../../observations/captureReader.js';
import { type Lease, LeaseTable } from './leases.js';
import type { RenewalSeries } from './leaseRenewals.js';

interface LeaseTruth {
  hex: string;
  renewals: number;
  interval_min_s: number | null;
  interval_median_s: number | null;
  interval_max_s: number | null;
  response_ttls: number[];
  first_s: number;
  last_s: number;
}

interface Truth {
  first_packet: number;
  http_leases: {
    post_leases: number;
    distinct_lease_ids: number;
    by_sender: Record<string, number>;
    by_receiver: Record<string, number>;
    by_status: Record<string, number>;
    response_ttl_counts: Record<string, number>;
    connections_used: number;
    interval_min_s: number;
    interval_median_s: number;
    per_lease: Record<string, LeaseTruth>;
  };
  post_leases_internal: number;
  http_requests_all: Record<string, number>;
  application_protobuf_responses: number;
  grpc?: {
    calls_by_path?: Record<string, number>;
    keepalive_requests?: number;
    keepalive_responses?: number;
    keepalive_requests_by_shape?: number;
    distinct_lease_ids?: number;
    response_ttl_counts?: Record<string, number>;
    keepalive_streams?: number;
    connections?: number;
    per_lease?: Record<string, LeaseTruth>;
    per_lease_by_shape?: Record<string, LeaseTruth>;
  };
  granted?: Record<string, number>;
  onset?: Record<string, { renewals_before: number; onset_at_s: number; renewals_from_onset: number }>;
  post_leases_latency?: { over_500ms: number; max_s: number };
  forwarding?: {
    ok: number;
    errors: Record<string, number>;
    grpc_requests_answered_without_a_successful_post: number;
    by_pair: Record<string, number>;
  };
}

const CAPTURES = [
  'lease-healthy.pcap',
  'lease-onset.pcap',
  'lease-storm.pcapng',
  'lease-storm-mid.pcap',
  'lease-slow-leader.pcap',
  'lease-failover.pcapng',
  'conn-churn.pcap',
];
const FIXTURES = fileURLToPath(new URL('../../../fixtures/etcd/', import.meta.url));

interface Run {
  readonly table: LeaseTable;
  readonly messages: EtcdMessage[];
  readonly gapBytes: number;
  /** Seconds after the first packet. */
  seconds(time: number): number;
}

/** The connection that a message came on. */
const connections = new WeakMap<Message, ConnectionFacts>();

async function read(capture: string): Promise<Run> {
  const table = new LeaseTable();
  const messages: EtcdMessage[] = [];
  let gapBytes = 0;
  const reader = new CaptureReader(
    [`${FIXTURES}${capture}.gz`],
    sinkOf({
      message(message, connection) {
        table.message(message, connection);
        if (!(message instanceof EtcdMessage)) return;
        messages.push(message);
        connections.set(message, connection);
      },
      gap: (gap) => {
        gapBytes += gap.bytes;
      },
    }),
    { protocols: [etcd()] },
  );
  await reader.read();
  table.end();
  const start = reader.captures[0]!.from!;
  return { table, messages, gapBytes, seconds: (time) => Math.round((time - start) / 1e3) / 1e6 };
}

function truthOf(capture: string): Truth {
  const name = capture.replace(/\.pcap(ng)?$/, '.truth.json');
  return JSON.parse(readFileSync(`${FIXTURES}${name}`, 'utf8')) as Truth;
}

const seconds4 = (nanoseconds: number | null): number | null =>
  nanoseconds === null ? null : Math.round(nanoseconds / 1e5) / 1e4;

function seriesOf(run: Run, lease: Lease, series: RenewalSeries, ttls: number[]): LeaseTruth {
  const { intervals } = series;
  return {
    hex: lease.id.hex.slice(2),
    renewals: series.count,
    interval_min_s: intervals.count === 0 ? null : seconds4(intervals.min),
    interval_median_s: seconds4(intervals.median()),
    interval_max_s: intervals.count === 0 ? null : seconds4(intervals.max),
    response_ttls: ttls,
    first_s: run.seconds(series.first!.time),
    last_s: run.seconds(series.last!.time),
  };
}

/**
 * The truth's first and last are differences of epoch seconds held as doubles, a quarter of a microsecond coarse: beside
 * captures in nanoseconds their sixth digit may be off by one. Everything else has to be equal.
 */
function expectSeries(found: Record<string, LeaseTruth>, expected: Record<string, LeaseTruth>): void {
  const adjusted = Object.entries(expected).map(([id, truth]) => {
    const near = (mine: number | undefined, value: number): number =>
      mine !== undefined && Math.abs(mine - value) < 1.1e-6 ? mine : value;
    const mine = found[id];
    return [id, { ...truth, first_s: near(mine?.first_s, truth.first_s), last_s: near(mine?.last_s, truth.last_s) }];
  });
  expect(found).toEqual(Object.fromEntries(adjusted));
}

function counted<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return counts;
}

describe.each(CAPTURES)('%s against its truth', (capture) => {
  const truth = truthOf(capture);
  let run: Run;
  beforeAll(async () => {
    run = await read(capture);
  });

  it('counts the renewals between members: who, to whom, with what answer', () => {
    const { table } = run;
    const http = truth.http_leases;
    expect(table.renewals).toBe(http.post_leases);
    expect(table.internal).toBe(truth.post_leases_internal);
    expect(Object.fromEntries(table.bySender)).toEqual(http.by_sender);
    expect(Object.fromEntries(table.byReceiver)).toEqual(http.by_receiver);
    expect(Object.fromEntries(table.statuses)).toEqual(http.by_status);
    expect(Object.fromEntries(table.ttls)).toEqual(http.response_ttl_counts);
    expect(seconds4(table.intervals.min)).toBe(http.interval_min_s);
    expect(seconds4(table.intervals.median())).toBe(http.interval_median_s);
    const posts = run.messages.filter(
      (m) => m.op === 'LeaseKeepAlive' && m.transport === 'http' && m.kind === 'request',
    );
    expect(new Set(posts.map((m) => connections.get(m)!.id)).size).toBe(http.connections_used);
    expect([table.withoutId, table.notKept, run.gapBytes]).toEqual([0, 0, 0]);
  });

  it('gives each lease its renewals, intervals, TTLs, first and last', () => {
    const leases = run.table.all().filter((lease) => lease.http.count > 0);
    expect(leases).toHaveLength(truth.http_leases.distinct_lease_ids);
    const found = Object.fromEntries(leases.map((l) => [l.id.decimal, seriesOf(run, l, l.http, l.ttls)]));
    expectSeries(found, truth.http_leases.per_lease);
  });

  it('names every request and keeps renewals apart from what only looks like them', () => {
    const requests = run.messages.filter((m) => m.transport === 'http' && m.kind === 'request');
    const found = counted(requests, (m) => `${m.method!} ${m.path!.replace(/^\/raft\/stream\/.*/, '/raft/stream/*')}`);
    expect(found).toEqual(truth.http_requests_all);
    const protobuf = run.messages.filter(
      (m) => m.transport === 'http' && m.kind === 'response' && m.fields.leaseId !== null,
    );
    expect(protobuf).toHaveLength(truth.application_protobuf_responses);
  });

  it('reads the clients’ calls', () => {
    const { grpc } = truth;
    if (grpc === undefined) return;
    const calls = run.messages.filter((m) => m.transport === 'grpc' && m.kind === 'request' && m.path !== null);
    const streams = new Map<string, string>();
    for (const m of calls)
      streams.set(m.op === 'LeaseKeepAlive' ? `${connections.get(m)!.id}` : `${m.frame} ${m.op!}`, m.path!);
    if (grpc.calls_by_path !== undefined)
      expect(counted([...streams.values()], (path) => path)).toEqual(grpc.calls_by_path);
    const { table } = run;
    expect(table.grpcRenewals).toBe(grpc.keepalive_requests ?? grpc.keepalive_requests_by_shape);
    expect(table.guessedGrpc).toBe(grpc.keepalive_requests_by_shape ?? 0);
    if (grpc.keepalive_responses !== undefined) expect(table.grpcResponses).toBe(grpc.keepalive_responses);
    if (grpc.response_ttl_counts !== undefined)
      expect(Object.fromEntries(table.grpcTtls)).toEqual(grpc.response_ttl_counts);
    const leases = table.all().filter((lease) => lease.grpc.count > 0);
    const expected = grpc.per_lease ?? grpc.per_lease_by_shape!;
    // By shape the truth gives no TTLs, since no answer proves that it is one.
    const found = leases.map((l) => [
      l.id.decimal,
      seriesOf(run, l, l.grpc, grpc.per_lease === undefined ? [] : l.ttls),
    ]);
    expectSeries(Object.fromEntries(found) as Record<string, LeaseTruth>, expected);
    if (grpc.connections !== undefined) {
      expect(new Set(calls.filter((m) => m.op === 'LeaseKeepAlive').map((m) => connections.get(m)!.id)).size).toBe(
        grpc.connections,
      );
    }
  });

  it('knows what was granted', () => {
    if (truth.granted === undefined) return;
    const grants = run.messages.filter((m) => m.op === 'LeaseGrant' && m.kind === 'response');
    expect(Object.fromEntries(grants.map((m) => [m.leaseId!.decimal, m.ttl]))).toEqual(truth.granted);
  });

  it('says when the rate changed, and only where it did', () => {
    const onset = truth.onset ?? {};
    const found = run.table
      .all()
      .flatMap((lease) => (lease.onset === null ? [] : [[lease.id.decimal, run.seconds(lease.onset.time)]]));
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(onset).map(([id, { onset_at_s }]) => [id, onset_at_s])),
    );
    for (const [id, { renewals_before, renewals_from_onset }] of Object.entries(onset)) {
      const lease = run.table.get(id)!;
      expect(lease.storm!.early).toBe(renewals_from_onset);
      expect(lease.http.count - lease.storm!.early).toBe(renewals_before);
    }
  });

  it('finds a storm in every lease or in none', () => {
    const storms = run.table.all().filter((lease) => lease.storm !== null).length;
    // Of conn-churn's leases those that exist are renewed all the time; ids that do not exist have no TTL.
    const expected = { 'lease-healthy.pcap': 0, 'conn-churn.pcap': 7 }[capture] ?? truth.http_leases.distinct_lease_ids;
    expect(storms).toBe(expected);
  });

  it('measures how long renewals waited, and for whom', () => {
    const posts = run.messages.filter(
      (m) => m.op === 'LeaseKeepAlive' && m.transport === 'http' && m.kind === 'response',
    );
    if (truth.post_leases_latency !== undefined) {
      const latencies = posts.map((m) => m.latency!);
      expect(latencies.filter((latency) => latency > 0.5e9)).toHaveLength(truth.post_leases_latency.over_500ms);
      expect(seconds4(Math.max(...latencies))).toBe(truth.post_leases_latency.max_s);
    }
    if (truth.forwarding !== undefined) {
      const pairs = counted(
        posts,
        (m) => `${connections.get(m)!.client.ip} -> ${connections.get(m)!.server.ip} status ${m.status!}`,
      );
      expect(pairs).toEqual(truth.forwarding.by_pair);
      const errors = counted(
        posts.filter((m) => m.status !== 200),
        (m) => `${m.status!} ${m.error!.replace(/^etcdserver: |^lease: /, '')}`,
      );
      expect(errors).toEqual(truth.forwarding.errors);
      const ok = posts.filter((m) => m.status === 200).length;
      expect([ok, run.table.grpcRenewals - ok]).toEqual([
        truth.forwarding.ok,
        truth.forwarding.grpc_requests_answered_without_a_successful_post,
      ]);
    }
  });
});
