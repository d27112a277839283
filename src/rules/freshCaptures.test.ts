import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { analyse, fixture } from '../testing/analyseCapture.js';
import { Scenario } from '../testing/scenario.js';
import type { Finding } from './finding.js';
import { linked } from './linked.js';

async function findings(name: string): Promise<readonly Finding[]> {
  return (await analyse([fixture(`${name}.pcap.gz`)])).analysis.findings;
}

/** What the first screen says of captures whose servers' and clients' logs say what happened. */
describe('what is said is true', () => {
  it('the time in which nobody could write ends with the first write, and begins with what failed', async () => {
    const truth = JSON.parse(
      readFileSync(new URL('../../fixtures/incidents2/quorum-lost-allports.truth.json', import.meta.url), 'utf8'),
    ) as { expect: { rule: string; seconds: number }[] };
    const owed = truth.expect.find(({ rule }) => rule === 'quorum-lost')!;
    const lost = (await findings('incidents2/quorum-lost-allports')).find(({ rule }) => rule === 'quorum-lost')!;
    expect((lost.to - lost.from) / 1e9).toBeGreaterThan(owed.seconds - 0.5);
    expect((lost.to - lost.from) / 1e9).toBeLessThan(owed.seconds + 0.1);
    const restart = (await findings('apps/restart-habits')).find(({ rule }) => rule === 'quorum-lost')!;
    expect(restart.message).toContain('No server answered a write for 15 s, and nobody had written in the 12 s before');
  });

  it('a leader that hangs is named, and what met its clients later did not cause what met them before', async () => {
    const found = await findings('apps/leader-hung');
    expect(found.find(({ rule }) => rule === 'quorum-lost')?.title).toBe('Nobody could write: 10.77.0.12:2181 hung');
    for (const finding of found) {
      if (finding.cause !== undefined) expect(finding.cause.from, finding.message).toBeLessThan(finding.to + 5e9);
    }
    const expired = found.filter(({ rule }) => rule === 'session-expired');
    expect(expired.map(({ data }) => data['expired'])).toEqual([4]);
  });

  it('four processes that are stopped together are one finding, and all members that they took away count', async () => {
    const found = await findings('apps/four-stopped');
    expect(found.filter(({ rule }) => rule === 'timeout-misfit').map(({ message }) => message)).toEqual([
      expect.stringContaining('4 clients stood still at the same time, for up to 9.8 s'),
    ]);
    expect(found.find(({ rule }) => rule === 'empty-child-list')?.message).toContain('4 members belonged to sessions');
    expect(found.filter(({ rule }) => rule === 'ephemeral-not-recreated').map(({ path }) => path)).toEqual([
      '/v6/svc/host1',
    ]);
  });

  it('who was cut off and is back is not said to be silent from then on', async () => {
    const cut = (await findings('apps/hosts-cut')).find(({ rule }) => rule === 'half-open-connection')!;
    expect(cut.message).toContain('from then on (10.77.0.23: for up to 17 s)');
    expect(cut.data['lost']).toBe('between the client and the capture');
  });

  it('a follower whose PINGs are late as well has a process that stands still, not a slow disk', async () => {
    const slow = (await findings('apps/follower-stopped')).find(({ rule }) => rule === 'slow-quorum-ack')!;
    expect(slow.message).toContain('PINGs were answered as late: the process was held up');
  });

  it('connections beyond a limit: how many were closed, and how many the host holds', async () => {
    const limit = (await findings('incidents2/connection-limit')).find(({ rule }) => rule === 'connection-limit')!;
    expect(limit).toMatchObject({ client: '10.77.0.21', server: '10.77.0.11:2181', data: { closed: 51, held: 3 } });
  });

  it('answers of which only the beginning was captured are not all the same', async () => {
    const rules = (await findings('apps/snapped-contention')).map(({ rule }) => rule);
    expect(rules).toContain('wasted-errors');
    expect(rules).not.toContain('hot-loop');
  });

  it('a process behind a proxy stood still until it came back itself', async () => {
    const stall = (await findings('apps/balancer-nat')).find(({ rule }) => rule === 'timeout-misfit')!;
    expect(stall.message).toContain('stood still 1 time (13 s)');
  });
});

describe('in words of one scenario each', () => {
  const EVERY = 10;

  it('a value that was read once more and changes again and again is one that nobody follows', () => {
    const s = new Scenario();
    const writer = s.session('10.1.0.1:1000', '0x1');
    const reader = s.session('10.1.0.2:1000', '0x2');
    reader.ask('getData', '/flags', { watch: true }, { stat: {} });
    writer.setData('/flags');
    reader.notify('NodeDataChanged', '/flags').ask('getData', '/flags', {}, { stat: {} });
    for (let i = 0; i < 5; i++) {
      reader.idle(EVERY);
      writer.setData('/flags');
    }
    reader.idle(EVERY);
    const [told] = s.end().filter(({ rule }) => rule === 'missing-rewatch');
    expect(told).toMatchObject({ severity: 'warning', confidence: 'possible', path: '/flags' });
    expect(told?.message).toContain('read it once more with watch=false, and never touched it again');
  });

  it('a value that was read once more and does not change was waited for', () => {
    const s = new Scenario();
    const writer = s.session('10.1.0.1:1000', '0x1');
    const reader = s.session('10.1.0.2:1000', '0x2');
    reader.ask('getData', '/flags', { watch: true }, { stat: {} });
    writer.setData('/flags');
    reader
      .notify('NodeDataChanged', '/flags')
      .ask('getData', '/flags', {}, { stat: {} })
      .idle(6 * EVERY);
    const found = s.end().filter(({ rule, severity }) => rule === 'missing-rewatch' && severity !== 'info');
    expect(found).toEqual([]);
  });

  it('what begins after something has ended is not its cause', () => {
    const at = (rule: string, from: number, to: number): Finding => ({
      ...{ rule, severity: 'warning', confidence: 'proven', title: rule, message: rule, remedy: '', from, to },
      ...{ evidence: [], data: {} },
    });
    const late = at('connect-refused', 20e9, 30e9);
    const early = at('server-stall', 1, 3);
    const found = linked(
      [
        { ...at('session-expired', 5, 10), cause: late },
        { ...at('x', 5, 10), cause: early },
      ],
      (f) => f,
    );
    expect(found.map(({ cause }) => cause?.rule)).toEqual([undefined, 'server-stall']);
  });
});
