import { describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER } from '../network/connection.js';
import { Scenario } from '../testing/scenario.js';
import { Model } from './model.js';

const NO_NODE = { err: -101 };

function scenario(): { s: Scenario; model: Model } {
  const s = new Scenario({ registry: [] });
  return { s, model: s.analysis.model };
}

describe('sessions', () => {
  it('live across connections and servers', () => {
    const { s, model } = scenario();
    s.session('10.1.0.1:1000', '0x1', { timeout: 4000 }).ping().end('rst');
    s.session('10.1.0.1:1001', '0x1', { server: '10.0.0.2:2181', resumed: true }).idle(4);
    const session = model.sessions.find('0x1')!;
    expect([session.connectionCount, [...session.servers], session.pings]).toEqual([
      2,
      ['10.0.0.1:2181', '10.0.0.2:2181'],
      3,
    ]);
    s.end();
    expect([session.end, session.startKnown, model.sessions.count]).toEqual(['open', true, 1]);
  });

  it('are closed by closeSession, and only a summary is kept', () => {
    const { s, model } = scenario();
    const c = s.session('10.1.0.1:1000', '0x1').list('/a', ['x'], true).create('/a/me', 1);
    const session = model.sessions.find('0x1')!;
    c.close();
    expect([session.end, session.views.size, session.ephemerals.size, model.sessions.find('0x1')]).toEqual([
      'closed',
      0,
      0,
      undefined,
    ]);
    expect([...session.watchedPaths]).toEqual(['/a']);
    expect(model.znode('/a/me')).toMatchObject({ exists: false, deletion: { cause: 'closeSession', session: '0x1' } });
  });

  it('expire when the server says so, and the next of the same host follows them', () => {
    const { s, model } = scenario();
    s.session('10.1.0.1:1000', '0x1').create('/me', 1).end('rst');
    s.wait(20).open('10.1.0.1:1001').connect('0x1', '0x0').end('rst');
    s.session('10.1.0.1:1002', '0x2');
    const session = model.sessions.find('0x1')!;
    expect([session.end, session.successor?.id]).toEqual(['expired', '0x2']);
    expect(model.znode('/me')).toMatchObject({ exists: false, deletion: { cause: 'expired', zxid: -1 } });
  });

  it('are lost when their connection is gone and nobody takes them up again in time', () => {
    const { s, model } = scenario();
    s.session('10.1.0.1:1000', '0x1').end('rst');
    s.session('10.1.0.2:1000', '0x2').idle(20);
    s.end();
    expect([model.sessions.find('0x1')!.end, model.sessions.find('0x2')!.end]).toEqual(['lost', 'open']);
  });

  it('have no name where the capture starts in mid-stream', () => {
    const { s, model } = scenario();
    s.open('10.1.0.1:1000', '10.0.0.1:2181', true).ping();
    const [session] = [...model.sessions.alive()];
    expect([session?.id, session?.startKnown, session?.timeout]).toEqual([null, false, null]);
  });
});

describe('watches', () => {
  it('are set by the answer, not by the request', () => {
    const { s, model } = scenario();
    const c = s.session('10.1.0.1:1000', '0x1');
    const request = c.request('getData', '/a', { watch: true });
    expect(model.sessions.find('0x1')!.views.get('/a')).toBeUndefined();
    c.response(request, { stat: {} });
    expect(model.sessions.find('0x1')!.views.get('/a')?.holds('data')).toBe(true);
  });

  it('on an absent znode are set by exists only', () => {
    const { s, model } = scenario();
    s.session('10.1.0.1:1000', '0x1')
      .ask('getData', '/a', { watch: true }, NO_NODE)
      .ask('exists', '/b', { watch: true }, NO_NODE);
    const { views } = model.sessions.find('0x1')!;
    expect([views.get('/a')?.holds('data'), views.get('/b')?.holds('data')]).toEqual([false, true]);
  });

  it('are used up by the event that they match, deletion taking both kinds', () => {
    const { s, model } = scenario();
    const c = s
      .session('10.1.0.1:1000', '0x1')
      .list('/a', [], true)
      .ask('getData', '/a', { watch: true }, { stat: {} });
    const view = model.sessions.find('0x1')!.views.get('/a')!;
    c.notify('NodeChildrenChanged', '/a');
    expect([view.holds('child'), view.holds('data'), view.childFired?.delivered]).toEqual([false, true, true]);
    c.list('/a', ['x'], true).notify('NodeDeleted', '/a');
    expect([view.holds('child'), view.holds('data')]).toEqual([false, false]);
  });

  it('count as fired only when the client has acknowledged the notification', () => {
    const { s, model } = scenario();
    const c = s.session('10.1.0.1:1000', '0x1').list('/a', [], true);
    c.acknowledges = false;
    c.notify('NodeChildrenChanged', '/a');
    const fired = model.sessions.find('0x1')!.views.get('/a')!.childFired!;
    expect(fired.delivered).toBe(false);
    c.tcp.toClient.acked = fired.streamEnd;
    expect(fired.delivered).toBe(true);
  });

  it('are gone with the connection, and come back by setWatches, except those that fired meanwhile', () => {
    const { s, model } = scenario();
    const first = s.session('10.1.0.1:1000', '0x1').list('/a', [], true);
    first.ask('getData', '/b', { watch: true }, { stat: {} }).end('rst');
    const second = s.session('10.1.0.1:1001', '0x1', { resumed: true });
    const { views } = model.sessions.find('0x1')!;
    expect([views.get('/a')!.holds('child'), views.get('/b')!.holds('data')]).toEqual([false, false]);
    const body = { relativeZxid: 1, dataWatches: ['/b'], existWatches: [], childWatches: ['/a'] };
    const request = second.request('setWatches', null, { body });
    second.notify('NodeDataChanged', '/b').response(request);
    expect([views.get('/a')!.holds('child'), views.get('/b')!.holds('data')]).toEqual([true, false]);
  });

  it('that persist are not used up', () => {
    const { s, model } = scenario();
    const body = { watchMode: 'PERSISTENT_RECURSIVE' };
    s.session('10.1.0.1:1000', '0x1')
      .ask('addWatch', '/a', { body })
      .notify('NodeCreated', '/a/b')
      .notify('NodeDataChanged', '/a');
    const view = model.sessions.find('0x1')!.views.get('/a')!;
    expect([view.holds('data'), view.holds('child'), view.dataFired]).toEqual([true, true, null]);
  });

  it('whose event the session made itself are marked so', () => {
    const { s, model } = scenario();
    const c = s.session('10.1.0.1:1000', '0x1').list('/a', [], true);
    const request = c.request('create', '/a/b');
    c.notify('NodeChildrenChanged', '/a').response(request);
    expect(model.sessions.find('0x1')!.views.get('/a')!.childFired?.own).toBe(true);
  });
});

describe('znodes', () => {
  it('know who created them, whose they are, and what their lists were', () => {
    const { s, model } = scenario();
    const reader = s.session('10.1.0.2:1000', '0x2').list('/a', [], true, 'getChildren2');
    s.session('10.1.0.1:1000', '0x1').create('/a/n-', 3);
    reader.list('/a', ['n-0000000001'], true, 'getChildren2').list('/a', ['n-0000000001'], true, 'getChildren2');
    const znode = model.znode('/a/n-0000000001')!;
    expect(znode).toMatchObject({
      exists: true,
      ephemeral: true,
      owner: '0x1',
      creation: { session: '0x1', ip: '10.1.0.1' },
    });
    const parent = model.znode('/a')!;
    expect(parent.lists.map((list) => list.names.length)).toEqual([0, 1]);
    expect(parent.childChanges).toMatchObject([{ kind: 'create', child: 'n-0000000001', zxid: 101 }]);
  });

  it('ignore what is older than what they know', () => {
    const { s, model } = scenario();
    const c = s.session('10.1.0.1:1000', '0x1').create('/a');
    c.ask('exists', '/a', {}, { ...NO_NODE, zxid: 50 });
    expect(model.znode('/a')!.exists).toBe(true);
  });
});

describe('what was lost', () => {
  it('leaves a hole in the session, and answers that may have been in it are waited for no more', () => {
    const { s, model } = scenario();
    const c = s.session('10.1.0.1:1000', '0x1');
    c.request('getData', '/a');
    c.gap(TO_CLIENT);
    const session = model.sessions.find('0x1')!;
    expect([session.holes, session.current!.outstanding.size, model.totals.gaps, model.totals.gapBytes]).toEqual([
      1, 0, 1, 100,
    ]);
    c.gap(TO_SERVER);
    expect([session.uncertainSince(0), session.uncertainSince(1e12)]).toEqual([true, false]);
  });
});

describe('bounds', () => {
  it('hold for znodes, sessions and views, and what is watched stays longest', () => {
    const s = new Scenario({ registry: [], model: { maxZnodes: 10, maxSessions: 5, maxViewsPerSession: 3 } });
    const { model } = s.analysis;
    const watcher = s.session('10.1.0.1:1000', '0x1').list('/kept', [], true);
    for (let i = 0; i < 100; i++) watcher.setData(`/n${i}`);
    expect([model.znodes.size, model.znodes.forgotten, model.znode('/kept') !== undefined]).toEqual([10, 91, true]);
    for (let i = 0; i < 10; i++) watcher.list(`/l${i}`, [], true);
    expect(model.sessions.find('0x1')).toMatchObject({ views: { size: 3 }, forgotten: 8 });
    for (let i = 0; i < 20; i++) s.session(`10.1.1.${i}:1000`, `0x1${i}`).end('rst');
    expect([...model.sessions.alive()].length).toBeLessThanOrEqual(6);
    expect(model.sessions.count).toBe(21);
  });

  it('hold for the views of all sessions together: the oldest go, and their sessions know that', () => {
    const s = new Scenario({ registry: [], model: { maxViews: 10 } });
    const { model } = s.analysis;
    for (let i = 0; i < 5; i++) {
      const c = s.session(`10.1.0.${i}:1000`, `0x1${i}`);
      for (let j = 0; j < 5; j++) c.list(`/l${j}`, [], true);
    }
    const sessions = [...model.sessions.alive()];
    expect(sessions.map(({ views, forgotten }) => [views.size, forgotten])).toEqual([
      [0, 5],
      [0, 5],
      [0, 5],
      [5, 0],
      [5, 0],
    ]);
    expect(model.forgotten()).toMatchObject({ views: 15, sessions: 0 });
    sessions.forEach((_, i) => {
      expect(model.znode(`/l${i}`)?.views).toBe(2);
    });
  });

  it('leave nothing to judge of a znode that was forgotten while it was watched', () => {
    const s = new Scenario({ registry: [], model: { maxZnodes: 10 } });
    const { model } = s.analysis;
    const c = s.session('10.1.0.1:1000', '0x1');
    for (let i = 0; i < 30; i++) c.list(`/l${i}`, [], true);
    const session = model.sessions.find('0x1')!;
    // They go with it, a few at a time.
    expect(session.views.size).toBeLessThan(15);
    let judged = -1;
    model.addListener({ sessionEnded: ({ views }) => (judged = views.size) });
    s.end();
    expect([judged, session.forgotten, model.znodes.forgotten]).toEqual([10, 20, 20]);
  });

  it('do not make a session that was forgotten a lost one', () => {
    const s = new Scenario({ registry: [], model: { maxSessions: 5 } });
    const ended: string[] = [];
    s.analysis.model.addListener({ sessionEnded: ({ end, forgotten }) => ended.push(`${end} ${forgotten}`) });
    for (let i = 0; i < 20; i++) s.session(`10.1.1.${i}:1000`, `0x1${i}`);
    expect(ended).toEqual(new Array<string>(15).fill('open 1'));
    expect(s.analysis.model.forgotten().sessions).toBe(15);
  });

  it('leave it open what became of a session whose connection was forgotten', () => {
    const { s, model } = scenario();
    s.session('10.1.0.1:1000', '0x1', { timeout: 4000 }).ping().end('forgotten');
    s.wait(60);
    s.end();
    const session = model.sessions.find('0x1')!;
    expect([session.end, session.uncertainSince(0), model.forgotten().connections]).toEqual(['open', true, 1]);
  });

  it('hold for the sessions of one host', () => {
    const s = new Scenario({ registry: [] });
    for (let i = 0; i < 3000; i++) s.session(`10.1.0.1:${1000 + i}`, `0x1${i}`);
    const { host } = s.analysis.model.sessions.find('0x12999')!;
    expect(host.sessions.length).toBeLessThanOrEqual(2048);
    expect(host.sessions.length).toBeGreaterThanOrEqual(1792);
    expect(host.sessions.length + host.forgottenSessions).toBe(3000);
    expect(host.sessions.at(-1)?.id).toBe('0x12999');
  });

  it('end sessions that are long gone where there are many, and no others', () => {
    const s = new Scenario({ registry: [], model: { maxAdrift: 8 } });
    const ended: string[] = [];
    s.analysis.model.addListener({ sessionEnded: ({ id, end }) => ended.push(`${id ?? ''} ${end}`) });
    for (let i = 0; i < 20; i++) s.session(`10.1.1.${i}:1000`, `0x1${i}`, { timeout: 4000 }).end('rst');
    expect(ended).toEqual([]);
    s.wait(1000);
    const back = s.session('10.1.2.1:1000', '0x100', { timeout: 4000 });
    for (let i = 0; i < 4; i++) s.session(`10.1.3.${i}:1000`, `0x3${i}`, { timeout: 4000 }).end('rst');
    expect(ended).toEqual(Array.from({ length: ended.length }, (_, i) => `0x1${i} lost`));
    expect([...s.analysis.model.sessions.alive()].length).toBeLessThanOrEqual(8 + 1 + 1);
    expect(s.analysis.model.forgotten().sessions).toBe(0);
    back.close();
    expect(ended.at(-1)).toBe('0x100 closed');
  });

  it('hold for hosts, of which those in use stay', () => {
    const s = new Scenario({ registry: [], model: { maxHosts: 8 } });
    const { model } = s.analysis;
    s.session('10.1.0.1:1000', '0x1');
    const { host } = model.sessions.find('0x1')!;
    for (let i = 0; i < 100; i++) s.session(`10.1.1.${i}:1000`, `0x2${i}`).close();
    expect(model.hosts.size).toBeLessThanOrEqual(9);
    expect(model.hosts.get('10.1.0.1')).toBe(host);
  });
});
