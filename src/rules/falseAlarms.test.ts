import { describe, expect, it } from 'vitest';
import type { ScenarioConnection } from '../testing/scenario.js';
import { Scenario } from '../testing/scenario.js';
import { TO_CLIENT, TO_SERVER } from '../network/connection.js';
import type { Finding } from './finding.js';

const CONF = '/queue/replicas/r2/columns';

function play(story: (s: Scenario) => void): readonly Finding[] {
  const s = new Scenario();
  story(s);
  return s.end();
}

const grave = (found: readonly Finding[]): string[] =>
  found.filter(({ severity }) => severity !== 'info').map(({ rule, confidence }) => `${rule} ${confidence}`);

/** The session falls silent, its client comes back after its timeout, and is told. */
function expire(s: Scenario, old: ScenarioConnection, client: string, id: string): ScenarioConnection {
  s.wait(9);
  old.end('rst');
  s.open(client).connect(id, '0x0').end('fin');
  s.wait(0.2);
  return s.session(client, `${id}f`);
}

describe('after an expiry', () => {
  const NAMES: readonly (readonly [what: string, before: string, after: string])[] = [
    [
      'Curator’s protected creates',
      '_c_0af446d6-b284-4c65-9d2d-d2f622ade0fd-latch-',
      '_c_9f8ff098-995d-4e4a-a805-b292f4fcc2ca-latch-',
    ],
    ['kazoo’s locks', '0af446d6b2844c659d2dd2f622ade0fd__lock__', '9f8ff098995d4e4aa805b292f4fcc2ca__lock__'],
    ['a name that begins with it', '0af446d6b2844c659d2dd2f622ade0fd-K2', '9f8ff098995d4e4aa805b292f4fcc2ca-K2'],
    ['start times, as of HBase', 'rs1,16020,1795273379000', 'rs1,16020,1795273402000'],
  ];
  for (const [what, before, after] of NAMES) {
    it(`the same node under another unique name was created again: ${what}`, () => {
      const flags = before.endsWith('-') || before.endsWith('_') ? 3 : 1;
      const story =
        (again: boolean) =>
        (s: Scenario): void => {
          const old = s.session('10.1.0.1:1000', '0x1').create(`/app/latch/${before}`, flags);
          const next = expire(s, old, '10.1.0.1:1001', '0x1');
          if (again) next.create(`/app/latch/${after}`, flags);
          else next.create(`/app/other/${after}`, flags);
          next.idle(20);
        };
      expect(grave(play(story(true)))).toEqual(['session-expired proven']);
      expect(play(story(false)).map(({ rule }) => rule)).toContain('ephemeral-not-recreated');
    });
  }

  it('addWatch in the new session watches again, on the path and (recursive) below it', () => {
    const add = (c: ScenarioConnection, path: string, watchMode: string): ScenarioConnection =>
      c.ask('addWatch', path, { body: { watchMode } });
    const found = play((s) => {
      const old = s.session('10.1.0.1:1000', '0x1').list('/app/group/a', [], true);
      old.ask('getData', '/app/conf', { watch: true }, { stat: {} });
      add(old, '/app/members', 'PERSISTENT_RECURSIVE');
      const next = expire(s, old, '10.1.0.1:1001', '0x1');
      add(next, '/app/group', 'PERSISTENT_RECURSIVE');
      add(next, '/app/conf', 'PERSISTENT');
      add(next, '/app/members', 'PERSISTENT_RECURSIVE');
      // Java gives a watcher up by checkWatches: it was watched all the same.
      next
        .idle(10)
        .ask('checkWatches', '/app/members', { body: { watcherType: 'Any' } })
        .idle(10);
    });
    expect(grave(found)).toEqual(['session-expired proven']);
  });

  it('a session that recovered is a warning, which says how long it was away', () => {
    const found = play((s) => {
      const old = s.session('10.1.0.1:1000', '0x1').create('/app/members/a', 1).list('/app', [], true);
      expire(s, old, '10.1.0.1:1001', '0x1').create('/app/members/a', 1).list('/app', [], true).idle(20);
    });
    const [told] = found.filter(({ rule }) => rule === 'session-expired');
    expect(told?.severity).toBe('warning');
    expect(told?.message).toContain('without one for 9.2 s in all');
    expect(told?.message).not.toContain('not set up again');
    expect(grave(found)).toEqual(['session-expired proven']);
  });
});

describe('watches that nobody misses', () => {
  it('a one-time wait: one read after the event, on one sibling after the other', () => {
    const found = play((s) => {
      const c = s.session('10.1.0.1:1000', '0x1').idle(8);
      const other = s.session('10.1.0.2:1000', '0x2');
      const live = (seconds: number): void => {
        for (let i = 0; i < seconds; i += 2) {
          c.idle(2);
          other.ping();
        }
      };
      for (const path of [CONF, CONF.replace('r2', 'r3')]) {
        c.ask('getData', path, { watch: true }, { stat: {} });
        other.setData(path);
        c.notify('NodeDataChanged', path).ask('getData', path, {}, { stat: {} });
        live(6);
        other.setData(path).setData(path);
      }
      live(20);
    });
    expect(grave(found)).toEqual([]);
  });

  it('a session that reads the path without a watch all along', () => {
    const found = play((s) => {
      const c = s.session('10.1.0.1:1000', '0x1').ask('getData', CONF, { watch: true }, { stat: {} });
      const poll = (): void => {
        c.ask('getData', CONF, {}, { stat: {} }).idle(2);
      };
      poll();
      s.session('10.1.0.2:1000', '0x2').setData(CONF).close();
      c.notify('NodeDataChanged', CONF);
      for (let i = 0; i < 8; i++) poll();
    });
    expect(grave(found)).toEqual([]);
  });

  it('but one that goes on reading it is told of no change', () => {
    const found = play((s) => {
      const c = s.session('10.1.0.1:1000', '0x1').ask('getData', CONF, { watch: true }, { stat: {} });
      s.session('10.1.0.2:1000', '0x2').setData(CONF).close();
      c.notify('NodeDataChanged', CONF);
      for (let i = 0; i < 4; i++) c.ask('getData', CONF, {}, { stat: {} }).idle(2);
    });
    expect(grave(found)).toEqual(['missing-rewatch proven']);
  });

  it('a process that is stopped: nothing after the event but a late ping, which meets an RST', () => {
    const found = play((s) => {
      const c = s.session('10.1.0.1:1000', '0x1').list('/svc', ['a'], true);
      const other = s.session('10.1.0.2:1000', '0x2').list('/svc', ['a'], true);
      s.session('10.1.0.3:1000', '0x3').create('/svc/b').create('/svc/c').close();
      c.notify('NodeChildrenChanged', '/svc');
      other.notify('NodeChildrenChanged', '/svc').list('/svc', ['a', 'b', 'c'], true);
      for (let i = 0; i < 4; i++) other.idle(2);
      c.tcp.toClient.fin = s.moment();
      s.wait(3);
      c.request('ping', null);
      c.tcp.toClient.rst = s.moment();
      c.end('rst');
      other.idle(20);
    });
    expect(found.filter(({ rule }) => rule === 'missing-rewatch')).toEqual([]);
  });

  it('watches of before the capture may be persistent ones', () => {
    const found = play((s) => {
      const c = s.open('10.1.0.1:1000', '10.0.0.1:2181', true).ask('ping', null);
      const other = s.session('10.1.0.2:1000', '0x2');
      for (let i = 0; i < 12; i++) {
        const path = `/conf/k${i % 4}`;
        other.setData(path);
        c.notify('NodeDataChanged', path).ask('getData', path, {}, { stat: {} }).idle(2);
      }
    });
    expect(found.filter(({ confidence, rule }) => rule === 'missing-rewatch' && confidence === 'proven')).toEqual([]);
    expect(grave(found)).toEqual([]);
  });
});

describe('servers that are not to blame', () => {
  /** Two clients of a server wait in vain for so long that they leave; TCP acknowledges all. */
  function stall(first: 'setData' | 'getData'): readonly Finding[] {
    return play((s) => {
      const clients = ['10.1.0.1:1000', '10.1.0.2:1000'].map((client, i) =>
        s.session(client, `0x${i + 1}`, { server: '10.0.0.3:2181', timeout: 8000 }),
      );
      for (const c of clients) c.idle(4);
      for (const c of clients) c.request(first, '/a');
      s.wait(3);
      for (const c of clients) c.request('ping', null);
      s.wait(3);
      for (const c of clients) c.fin(TO_SERVER);
      s.wait(5);
      s.session('10.1.0.9:1000', '0x9', { server: '10.0.0.1:2181' }).idle(10);
    });
  }

  it('a follower whose sessions all wait behind writes: the leader may hang', () => {
    expect(stall('setData').map(({ rule }) => rule)).not.toContain('server-stall');
    expect(stall('getData').map(({ rule }) => rule)).toContain('server-stall');
  });
});

describe('on which side of the capture packets die', () => {
  /** The server hears nothing of the client for its timeout, closes and repeats its FIN. */
  function cut(seen: (c: ScenarioConnection, s: Scenario) => void): Finding | undefined {
    return play((s) => {
      const c = s.session('10.1.0.1:1000', '0x1', { timeout: 6000 }).idle(4);
      s.wait(1);
      seen(c, s);
      s.wait(6);
      const { toClient } = c.tcp;
      toClient.fin = s.moment();
      toClient.finRepeats = 5;
      s.session('10.1.0.9:1000', '0x9').idle(10);
    }).find(({ rule }) => rule === 'half-open-connection');
  }

  it('nothing of the client is seen: it is gone, or cut off before the capture', () => {
    const told = cut(() => undefined);
    expect(told?.data).toMatchObject({ gone: 'client', lost: 'between the client and the capture' });
  });

  it('its repetitions are seen and never acknowledged: between the capture and the server', () => {
    const told = cut((c, s) => {
      c.acknowledges = false;
      const { acked } = c.tcp.toServer;
      const request = c.request('ping', null);
      c.tcp.toServer.acked = acked;
      c.tcp.toServer.unackedRetransmissions = 6;
      c.tcp.toServer.firstUnackedRetransmission = s.moment();
      expect(request.frame).toBeGreaterThan(0);
    });
    expect(told?.data).toMatchObject({ lost: 'between the capture and the server' });
    expect(told?.message).toContain('is in the capture and did not reach');
  });

  it('the server repeats a notification, and nobody acknowledges it', () => {
    const [told] = play((s) => {
      const c = s.session('10.1.0.1:1000', '0x1', { timeout: 6000 }).list('/a', [], true).idle(4);
      c.acknowledges = false;
      c.notify('NodeChildrenChanged', '/a');
      s.wait(7);
      c.tcp.stream(TO_CLIENT).unackedRetransmissions = 8;
      c.tcp.stream(TO_CLIENT).firstUnackedRetransmission = s.moment();
      c.tcp.stream(TO_CLIENT).lastTime = s.moment().time;
      c.tcp.stream(TO_CLIENT).lastFrame = s.frame;
      s.session('10.1.0.9:1000', '0x9').idle(10);
    }).filter(({ rule }) => rule === 'half-open-connection');
    expect(told?.data).toMatchObject({ gone: 'client', connections: 1 });
    expect(told?.evidence.at(-1)?.text).toContain('repeats a segment 8 times');
  });
});
