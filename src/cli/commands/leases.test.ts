import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { LeasesDocument } from '../../report/leases/document.js';
import { schemaText } from '../../report/schemas.js';
import { runCli } from '../../testing/runCli.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));

interface Result {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(...args: string[]): Promise<Result> {
  const { status, stdout, stderr } = await runCli(...args);
  return { status, out: stdout, err: stderr };
}

async function json(...args: string[]): Promise<LeasesDocument> {
  const { out, err, status } = await run('leases', '--json', ...args);
  expect([status, err]).toEqual([0, '']);
  return JSON.parse(out) as LeasesDocument;
}

const etcd = (name: string): string => `${FIXTURES}etcd/${name}.gz`;

describe('zkscope leases --json', () => {
  it.each([
    'lease-healthy.pcap',
    'lease-onset.pcap',
    'lease-storm-mid.pcap',
    'lease-failover.pcapng',
    'conn-churn.pcap',
  ])('prints what its schema and the truth of %s say', async (name) => {
    const document = await json(etcd(name));
    const validate = new Ajv2020({ allErrors: true }).compile(JSON.parse(schemaText('leases')) as object);
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
    const truth = JSON.parse(readFileSync(etcd(name).replace(/\.pcap(ng)?\.gz$/, '.truth.json'), 'utf8')) as {
      http_leases: {
        post_leases: number;
        per_lease: Record<string, { renewals: number; interval_median_s: number | null; response_ttls: number[] }>;
      };
    };
    expect(document.renewals).toBe(truth.http_leases.post_leases);
    const found = document.leases.map(({ id, renewals, medianInterval, ttls }) => [
      id,
      {
        renewals,
        interval_median_s: medianInterval === null ? null : Math.round(medianInterval * 1e4) / 1e4,
        response_ttls: ttls,
      },
    ]);
    const expected = Object.entries(truth.http_leases.per_lease).map(([id, lease]) => [
      id,
      { renewals: lease.renewals, interval_median_s: lease.interval_median_s, response_ttls: lease.response_ttls },
    ]);
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
  });

  it('prints one lease in full', async () => {
    const { leases } = await json(etcd('lease-onset.pcap'));
    expect(leases[0]).toEqual({
      id: '1480173528621215510',
      hex: '0x148aa1fb63676f16',
      renewals: 66,
      grpcRenewals: 66,
      minInterval: 0.499962,
      medianInterval: 0.50099,
      maxInterval: 1.503366,
      intervalsOf: 'http',
      ttls: [3],
      timesTooOften: 2,
      senders: ['10.44.0.2'],
      clients: ['10.44.0.101'],
      first: '2026-11-20T23:57:09.667389Z',
      last: '2026-11-20T23:57:54.253867Z',
      onset: '2026-11-20T23:57:30.196006Z',
      storm: true,
      notFound: 0,
      failed: 0,
    });
  });

  it('heeds the filters', async () => {
    const some = await json(etcd('lease-onset.pcap'), '--client', '10.44.0.101', '--to', '+20s');
    expect(some.leases.map((lease) => [lease.id, lease.renewals])).toEqual([['1480173528621215510', 0]]);
    expect(some.grpcRenewals).toBeLessThan(66);
    expect(some.leases[0]!.intervalsOf).toBe('grpc');
  });
});

describe('zkscope leases', () => {
  it('prints a table, the busiest leases first, and what is wrong', async () => {
    const { out, err, status } = await run('leases', '--top', '2', etcd('lease-storm.pcapng'));
    expect([status, err]).toEqual([0, '']);
    expect(out).toContain('12 leases: 816 POST /leases between members, 816 LeaseKeepAlive');
    expect(out).toMatch(
      /1480173528621215522 +0x148aa1fb63676f22 +9 s +68 +68 +499 ms +501 ms +502 ms +6\.0× +10\.44\.0\.101/,
    );
    expect(out).toContain('… and 10 more leases');
    expect(out).toContain('12 leases are renewed far more often than every TTL/3');
    // eslint-disable-next-line no-control-regex -- no escape sequences into a pipe
    expect(out).not.toMatch(/\u001b/);
  });

  it('has nothing to complain of where renewals come every TTL/3', async () => {
    const { out } = await run('leases', etcd('lease-healthy.pcap'));
    expect(out).toContain('No lease is renewed far more often than every TTL/3.');
  });

  it('says what was guessed', async () => {
    const { out } = await run('leases', etcd('lease-storm-mid.pcap'));
    expect(out.replace(/\s+/g, ' ')).toContain("168 of the clients' messages are known by their shape only");
  });

  it('says on standard error that a capture has none', async () => {
    const { out, err, status } = await run('leases', `${FIXTURES}protocol/c-client.pcap`);
    expect([status, out]).toEqual([0, '']);
    expect(err).toContain('no renewals of etcd leases found');
  });

  it('refuses a number of rows that is none', async () => {
    const { status, err } = await run('leases', '--top', 'many', etcd('lease-storm.pcapng'));
    expect(status).toBe(2);
    expect(err).toContain('a number of rows, 0 for all');
  });
});

describe('zkscope schema leases', () => {
  it('prints the schema', async () => {
    const { out } = await run('schema', 'leases');
    expect(JSON.parse(out)).toEqual(JSON.parse(schemaText('leases')) as object);
  });
});
