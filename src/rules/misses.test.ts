import { describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER } from '../observations/connectionFacts.js';
import { Scenario, type ScenarioConnection } from '../testing/scenario.js';
import type { Finding } from './finding.js';

function play(story: (s: Scenario) => void): readonly Finding[] {
  const s = new Scenario();
  story(s);
  return s.end();
}

const of = (found: readonly Finding[], rule: string): Finding[] => found.filter((finding) => finding.rule === rule);

describe('sessions that expire, and nobody is told', () => {
  function vanishing(story: (owner: ScenarioConnection, watcher: ScenarioConnection, s: Scenario) => void): Finding[] {
    return of(
      play((s) => {
        const owner = s.session('10.1.0.1:1000', '0x1', { timeout: 6000 }).create('/svc/a', 1).idle(4);
        const watcher = s.session('10.1.0.2:1000', '0x2').ask('exists', '/svc/a', { watch: true }, { stat: {} });
        story(owner, watcher, s);
        watcher.idle(10);
      }),
      'session-expired',
    );
  }

  it('their ephemerals go when their silence has lasted for the timeout, and a new session of the host begins', () => {
    const [told] = vanishing((_owner, watcher, s) => {
      watcher.idle(6).notify('NodeDeleted', '/svc/a');
      s.session('10.1.0.1:1001', '0x3').create('/svc/a', 1).idle(10);
    });
    expect(told).toMatchObject({ severity: 'warning', confidence: 'likely', session: '0x1' });
    expect(told?.data).toMatchObject({ silent: true, fate: 'back', paused: false });
  });

  it('the kernel acknowledges while the process is silent: it was stopped', () => {
    const [told] = vanishing((owner, watcher, s) => {
      watcher.idle(6).notify('NodeDeleted', '/svc/a');
      owner.tcp.toClient.fin = s.moment();
      owner.tcp.toClient.finAcked = true;
      s.session('10.1.0.1:1001', '0x3').create('/svc/a', 1).idle(10);
    });
    expect(told?.data).toMatchObject({ paused: true });
    expect(told?.message).toContain('the process was stopped');
  });

  it('a client that had left in order is a remark', () => {
    const [told] = vanishing((owner, watcher, s) => {
      owner.fin(TO_SERVER);
      watcher.idle(6).notify('NodeDeleted', '/svc/a');
      s.session('10.1.0.1:1001', '0x3').create('/svc/a', 1).idle(10);
    });
    expect(told).toMatchObject({ severity: 'info', data: { fate: 'left' } });
  });

  it('an ephemeral that goes before its owner could have expired says nothing', () => {
    expect(
      vanishing((owner, watcher) => {
        watcher.notify('NodeDeleted', '/svc/a');
        owner.idle(10);
      }),
    ).toEqual([]);
  });
});

describe('session-abandoned', () => {
  /** A session of a registering client loses its connection, and another one of its host begins after so many seconds. */
  function lose(how: (c: ScenarioConnection, s: Scenario) => void, after: number, path = '/svc/a'): Finding[] {
    return of(
      play((s) => {
        const c = s.session('10.1.0.1:1000', '0x1', { timeout: 10_000 }).list('/svc', [], true).create('/svc/a', 1);
        c.idle(4);
        how(c, s);
        s.wait(after);
        const next = s.session('10.1.0.1:1001', '0x2', { timeout: 10_000 });
        if (path === '/svc/a') next.list('/svc', [], true);
        next.idle(4).create(path, 1).idle(10);
      }),
      'session-abandoned',
    );
  }
  const closedByServer = (c: ScenarioConnection): void => {
    c.fin(TO_CLIENT);
  };

  it('the server closes, and the client asks for a new session at once: its ephemeral stays behind', () => {
    const [told] = lose(closedByServer, 2);
    expect(told).toMatchObject({ severity: 'warning', confidence: 'proven', session: '0x1' });
    expect(told?.data).toMatchObject({ abandoned: 1, ephemeralsLeft: 1 });
    expect(Number(told?.data['longestUnregistered'])).toBeGreaterThan(Number(told?.data['longestWithoutSession']) + 3);
  });

  it('the client leaves a server that does not answer', () => {
    const [told] = lose((c, s) => {
      c.request('ping', null);
      s.wait(4);
      c.fin(TO_SERVER);
    }, 1);
    expect(told?.data).toMatchObject({ affected: [{ endedBy: 'client' }] });
  });

  it('not a process that stops with everything answered, nor one that was silent for its timeout, nor another process', () => {
    const stopped = (c: ScenarioConnection): void => {
      c.fin(TO_SERVER);
    };
    expect(lose(stopped, 1)).toEqual([]);
    const expired = (c: ScenarioConnection, s: Scenario): void => {
      s.wait(11);
      c.fin(TO_CLIENT);
    };
    expect(lose(expired, 1)).toEqual([]);
    expect(lose(closedByServer, 1, '/other/b')).toEqual([]);
  });
});

describe('duplicate-sessions', () => {
  it('an unrelated session of the host does not hide them, nor that they are closed later', () => {
    const [told] = of(
      play((s) => {
        const other = s.session('10.1.0.1:900', '0x9');
        const left: ScenarioConnection[] = [];
        for (let i = 1; i <= 3; i++) {
          const c = s.session(`10.1.0.1:100${i}`, `0x${i}`).create(`/pool/res-${i}`, 1).list('/pool', [], true);
          for (let k = 0; k < 4; k++) {
            c.ask('getData', '/pool/conf', {}, { stat: {} }).idle(2);
            other.ask('getData', '/x', { watch: true }, { stat: {} });
            for (const old of left) old.ping();
          }
          left.push(c);
        }
        for (let k = 0; k < 12; k++) {
          for (const old of left) old.ping();
          left[2]!.ask('getData', '/pool/conf', {}, { stat: {} });
          other.ask('getData', '/x', {}, { stat: {} });
          s.wait(2);
        }
        for (const old of left) old.close();
        other.idle(10);
      }),
      'duplicate-sessions',
    );
    expect(told?.data).toMatchObject({ leftovers: 2, sessions: ['0x1', '0x2', '0x3'] });
  });
});
