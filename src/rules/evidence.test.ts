import { describe, expect, it } from 'vitest';
import { analyse, fixture } from '../testing/analyseCapture.js';
import { truths } from '../testing/truth.js';
import type { FindingEntry } from '../report/analyze/document.js';
import { rules } from './registry.js';

/** Frames that a sceptic looks up first, from what the captures' makers wrote down. */
const CHAINS: readonly (readonly [
  capture: string,
  rule: string,
  frames: readonly number[],
  data: Record<string, unknown>,
])[] = [
  ['rewatch-missing.pcap', 'missing-rewatch', [163], { readsWithoutWatch: 7, kind: 'child' }],
  ['rewatch-missing.pcap', 'stale-child-list', [94, 374], { cause: { rule: 'missing-rewatch' } }],
  ['rpcx-blind-window.pcap.gz', 'blind-window', [], { windows: 11, changedWindows: 9, secondListUsed: false }],
  ['watch-lost-after-reconnect.pcap', 'watch-lost-after-reconnect', [111, 188], { after: 'reconnect' }],
  ['watch-lost-after-reconnect.pcap', 'stale-child-list', [110], { removed: ['10.77.0.70'], added: ['10.77.0.75'] }],
  ['sidecar-drop.pcap', 'session-expired', [155, 157], { expired: 2, cause: { rule: 'half-open-connection' } }],
  ['sidecar-drop.pcap', 'ephemeral-not-recreated', [157, 165], { cause: { rule: 'session-expired' } }],
  ['sidecar-drop.pcap', 'half-open-connection', [95], { gone: 'client', connections: 2 }],
  ['sidecar-firewalled.pcap', 'connect-timeout', [], { syns: 18, ports: 18 }],
  ['sidecar-firewalled.pcap', 'ping-unanswered', [83], { acknowledged: false }],
  ['ensemble-restart-nodeexists.pcap', 'node-exists-swallowed', [737], { vanished: 3 }],
  [
    'ensemble-restart-nodeexists.pcap',
    'empty-child-list',
    [807],
    { consumers: 2, cause: { rule: 'node-exists-swallowed' } },
  ],
  ['leftover-connections.pcap.gz', 'duplicate-sessions', [], { leftovers: 3 }],
  ['leftover-connections.pcap.gz', 'ping-only-session', [], { cause: { rule: 'duplicate-sessions' } }],
  ['leftover-connections.pcap.gz', 'half-open-connection', [1575], { connections: 1 }],
  ['server-pause.pcap.gz', 'server-stall', [753, 1289], { connections: 5, requests: 9 }],
  ['server-pause.pcap.gz', 'slow-request', [406, 430], { requests: 3, writesOnly: true }],
  ['session-moved.pcap', 'session-moved', [16], { takeovers: 7, handshakes: 8 }],
  ['hot-loop.pcap.gz', 'hot-loop', [21, 2452], { op: 'exists', requests: 1205 }],
  ['herd.pcap.gz', 'herd', [], { watchers: 40 }],
  ['reconnect-storm.pcap', 'reconnect-storm', [], { handshakes: 90, newSessions: 90 }],
  ['maxbuffer-loop.pcap.gz', 'reconnect-storm', [], { handshakes: 23, resumed: 22 }],
  ['large-response.pcap.gz', 'large-response', [976], { bytes: 1073088, children: 14500 }],
  ['ensemble-restart-nodeexists-ok.pcap', 'connect-refused', [], { stranded: 5 }],
];

describe('evidence', () => {
  for (const [capture, rule, frames, data] of CHAINS) {
    it(`${rule} in ${capture}`, async () => {
      const { document } = await analyse([fixture(`incidents/${capture}`)]);
      const found = document.findings.filter((finding) => finding.rule === rule);
      const told = found.find((finding) => frames.every((frame) => finding.evidence.some((e) => e.frame === frame)));
      expect(told?.data).toMatchObject(data);
      expect(told!.evidence.length).toBeGreaterThan(0);
    });
  }

  it('every rule has an incident in it', () => {
    // Rules on the servers among themselves and on other protocols have tests of their own.
    const elsewhere = [
      'session-abandoned',
      ...['leader-election', 'follower-sync', 'slow-quorum-ack'],
      ...['lease-renewal-storm', 'connection-churn', 'tls-handshake-stall', 'etcd-no-leader'],
    ];
    const tested = new Set([...CHAINS.map(([, rule]) => rule), ...elsewhere]);
    for (const { expect: owed } of [...truths('incidents2'), ...truths('tls/incidents')]) {
      for (const { rule } of owed) tested.add(rule ?? '');
    }
    expect(rules.map(({ meta }) => meta.name).filter((name) => !tested.has(name))).toEqual([]);
  });

  it('is in order, with one sentence and no loose ends', async () => {
    for (const capture of new Set(CHAINS.map(([name]) => name))) {
      const { document } = await analyse([fixture(`incidents/${capture}`)]);
      for (const finding of document.findings) check(finding);
    }
  });
});

function check(finding: FindingEntry): void {
  const { message, title, remedy, evidence, from, to } = finding;
  expect(message.endsWith('.'), message).toBe(true);
  expect(message, message).not.toMatch(/undefined|null|NaN|\[object/);
  expect(title.length, title).toBeLessThan(60);
  expect(remedy.length).toBeGreaterThan(10);
  expect(from <= to, `${from} ${to} ${message}`).toBe(true);
  const frames = evidence.map((e) => e.frame);
  expect(frames, message).toEqual([...frames].sort((a, b) => a - b));
}
