import { describe, expect, it } from 'vitest';
import { analyse, fixture } from '../testing/analyseCapture.js';
import type { FindingEntry } from '../report/analyze/document.js';
import type { Finding } from './finding.js';
import { incidentsOf } from './incident.js';

const FINDING: Finding = {
  ...{ rule: 'r', severity: 'info', confidence: 'likely', title: '', message: '', remedy: '' },
  ...{ from: 0, to: 0, evidence: [], data: {} },
};

describe('one incident, one story', () => {
  it('a client behind a firewall: the cut, and all that followed', async () => {
    const { document } = await analyse([fixture('incidents/sidecar-firewalled.pcap')]);
    expect(document.incidents.length).toBe(1);
    const [incident] = document.incidents;
    expect(incident).toMatchObject({ incident: 1, severity: 'error', hosts: ['10.77.0.42', '10.77.0.43'] });
    expect(incident!.next).toEqual({ command: 'follow', argument: '0x1000024810f00a0' });
    expect(incident!.unrepaired.join()).toMatch(/htool-fw\/10\.77\.0\.42.* never created again/);
    const byId = new Map(document.findings.map((finding) => [finding.id, finding]));
    const told = incident!.findings.map((id) => byId.get(id)!);
    expect(told.length).toBe(document.findings.length);
    expect(told[0]?.rule).toBe('half-open-connection');
    const times = told.slice(1).map(({ from }) => from);
    expect(times).toEqual([...times].sort());
    const cause = (rule: string): string | undefined => {
      const finding = document.findings.find((f: FindingEntry) => f.rule === rule)!;
      return finding.cause === null ? undefined : byId.get(finding.cause)?.rule;
    };
    expect(cause('half-open-connection')).toBeUndefined();
    expect(cause('connect-timeout')).toBe('half-open-connection');
    expect(cause('session-expired')).toMatch(/connect-timeout|half-open-connection/);
    expect(cause('ephemeral-not-recreated')).toBe('session-expired');
    expect(document.findings.every((finding) => finding.incident === 1)).toBe(true);
  });

  it('what has nothing to do with each other stays apart, the worst first', () => {
    const cause: Finding = { ...FINDING, severity: 'warning', from: 5, to: 6, client: '10.0.0.1:1' };
    const after: Finding = { ...FINDING, severity: 'error', from: 7, to: 9, cause, unrepaired: 'x', session: '0x1' };
    const other: Finding = { ...FINDING, from: 1, to: 2, server: '10.0.0.9:2181' };
    const told = incidentsOf([other, after, cause]);
    expect(told.map(({ severity, findings }) => [severity, findings.length])).toEqual([
      ['error', 2],
      ['info', 1],
    ]);
    expect(told[0]).toMatchObject({ from: 5, to: 9, hosts: ['10.0.0.1'], unrepaired: ['x'] });
    expect(told[0]!.findings[0]).toBe(cause);
    expect(told[0]!.next).toEqual({ command: 'follow', argument: '0x1' });
    expect(told[1]).toMatchObject({ hosts: ['10.0.0.9:2181'], next: { command: 'rules', argument: 'r' } });
  });

  it('is looked at by following its client, where nothing else is named that can be followed', async () => {
    const told = incidentsOf([{ ...FINDING, client: '10.0.0.1:40000' }]);
    expect(told[0]!.next).toEqual({ command: 'follow', argument: '10.0.0.1' });
    const etcd = await analyse([fixture('etcd/no-leader.pcap.gz')]);
    expect(etcd.document.incidents[0]!.next.command).toBe('rules');
    const closed = await analyse([fixture('tls/failures.pcap.gz')]);
    expect(closed.document.incidents[0]!.next.command).toBe('rules');
  });

  it('a cause that is filtered out still holds together what it explains', () => {
    const cause: Finding = { ...FINDING };
    const told = incidentsOf([
      { ...FINDING, cause },
      { ...FINDING, cause, from: 1 },
    ]);
    expect(told.map(({ findings }) => findings.length)).toEqual([2]);
  });
});
