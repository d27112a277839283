import { describe, expect, it } from 'vitest';
import { TO_SERVER } from '../network/connection.js';
import { Scenario } from '../testing/scenario.js';

/** Healthy behaviour that looks like an incident: nothing above info may be said. */
function silent(name: string, play: (s: Scenario) => void): void {
  it(name, () => {
    const s = new Scenario();
    play(s);
    const found = s.end().filter(({ severity }) => severity !== 'info');
    expect(found.map(({ rule, severity, message }) => `${severity} ${rule}: ${message}`)).toEqual([]);
  });
}

const NO_NODE = { err: -101 };
const EXISTS = { err: -110 };
const SERVERS = ['10.0.0.1:2181', '10.0.0.2:2181', '10.0.0.3:2181'];

describe('healthy behaviour that looks wrong', () => {
  silent('a client that watches what it changes itself, and does not read it again', (s) => {
    const c = s.session('10.1.0.1:1000', '0x1').list('/a', [], true);
    for (let i = 0; i < 3; i++) {
      const request = c.request('create', `/a/${i}`);
      if (i === 0) c.notify('NodeChildrenChanged', '/a');
      c.response(request, { zxid: ++s.zxid });
    }
    c.idle(20);
  });

  silent('a lock: the predecessor is deleted, nobody watches it again', (s) => {
    const a = s.session('10.1.0.1:1000', '0x1').create('/lock/a-', 3);
    const b = s
      .session('10.1.0.2:1000', '0x2')
      .create('/lock/b-', 3)
      .list('/lock', ['a-0000000001', 'b-0000000001'], false);
    b.ask('exists', '/lock/a-0000000001', { watch: true }, { stat: {} });
    a.delete('/lock/a-0000000001');
    b.notify('NodeDeleted', '/lock/a-0000000001').list('/lock', ['b-0000000001'], false).idle(20);
    a.idle(20);
  });

  silent('a wait for a znode to appear, one read of it, and no more', (s) => {
    const c = s.session('10.1.0.1:1000', '0x1').ask('exists', '/ready', { watch: true }, NO_NODE);
    s.session('10.1.0.2:1000', '0x2').create('/ready').setData('/ready').setData('/ready').idle(4);
    c.notify('NodeCreated', '/ready').ask('getData', '/ready', {}, { stat: {} }).idle(20);
  });

  silent('kazoo after NodeDeleted: getData fails, exists sets the watch', (s) => {
    const c = s.session('10.1.0.1:1000', '0x1').ask('getData', '/a', { watch: true }, { stat: {} });
    s.session('10.1.0.2:1000', '0x2').delete('/a').create('/a').setData('/a').idle(20);
    c.notify('NodeDeleted', '/a')
      .ask('getData', '/a', { watch: true }, NO_NODE)
      .ask('exists', '/a', { watch: true }, NO_NODE);
    c.idle(20);
  });

  silent('an operator who reads lists now and then', (s) => {
    const c = s.session('10.1.0.1:1000', '0x1').list('/a', ['x'], false);
    const other = s.session('10.1.0.2:1000', '0x2').list('/a', ['x'], true).create('/a/y', 1);
    other.notify('NodeChildrenChanged', '/a').list('/a', ['x', 'y'], true).idle(20);
    c.idle(20);
  });

  silent('a process that is killed and comes back under another port', (s) => {
    const watcher = s
      .session('10.1.0.9:1000', '0x9')
      .create('/svc/10.1.0.1:5001', 1)
      .list('/svc', ['10.1.0.1:5001'], true);
    s.session('10.1.0.1:1000', '0x1').create('/svc/10.1.0.1:4001', 1).end('rst');
    s.wait(2).session('10.1.0.1:1001', '0x2').create('/svc/10.1.0.1:4002', 1).idle(30);
    watcher.notify('NodeChildrenChanged', '/svc').list('/svc', ['10.1.0.1:5001', '10.1.0.1:4002'], true).idle(10);
  });

  silent('an election by a fixed name between two processes of one host', (s) => {
    const leader = s.session('10.1.0.1:1000', '0x1').create('/leader', 1);
    const loser = s
      .session('10.1.0.1:1001', '0x2')
      .create('/leader', 1, EXISTS)
      .ask('getData', '/leader', {}, { stat: { ephemeralOwner: '0x1' } });
    for (let i = 0; i < 10; i++) {
      leader.idle(2);
      loser.idle(2);
    }
  });

  silent('NodeExists on the own old node, tried again until it is gone', (s) => {
    s.session('10.1.0.1:1000', '0x1').create('/me', 1).end('rst');
    const c = s.wait(1).session('10.1.0.1:1001', '0x2');
    for (let i = 0; i < 3; i++) c.create('/me', 1, EXISTS).idle(8);
    c.idle(4);
  });

  silent('a client behind a gateway whose address changes with each connection', (s) => {
    s.session('10.9.0.1:1000', '0x1').idle(4).end('rst');
    s.session('10.9.0.2:1000', '0x1', { resumed: true }).idle(4).end('rst');
    s.session('10.9.0.1:1001', '0x1', { resumed: true }).idle(4).end('rst');
    s.session('10.9.0.2:1001', '0x1', { resumed: true }).idle(4);
  });

  silent('the same handshakes seen before and after a translation of addresses', (s) => {
    for (let i = 0; i < 4; i++) {
      const inside = s.session(`10.9.0.1:${1000 + i}`, '0x1', { resumed: i > 0 });
      const outside = s.session(`10.8.0.1:${1000 + i}`, '0x1', { resumed: i > 0 });
      inside.idle(6).end('rst');
      outside.end('rst');
    }
  });

  silent('forty pods behind one address that reconnect once each', (s) => {
    const before = Array.from({ length: 40 }, (_, i) => s.session(`10.1.0.1:${2000 + i}`, `0x1${i}`));
    for (const pod of before) pod.list('/a', ['x'], true);
    s.wait(10);
    for (const pod of before) pod.end('rst');
    const pods = Array.from({ length: 40 }, (_, i) => s.session(`10.1.0.1:${3000 + i}`, `0x1${i}`, { resumed: true }));
    for (const pod of pods) pod.list('/a', ['x'], true);
    s.wait(20);
    for (const pod of pods) pod.ping();
  });

  silent('a rolling restart: everybody moves, setWatches, nobody loses anything', (s) => {
    const watches = { relativeZxid: 1, dataWatches: ['/conf'], existWatches: [], childWatches: ['/svc'] };
    for (let i = 0; i < 5; i++) {
      const c = s.session(`10.1.0.${i}:1000`, `0x${i + 1}`, { server: SERVERS[0]! });
      c.list('/svc', ['a'], true).ask('getData', '/conf', { watch: true }, { stat: {} }).idle(4).fin(1);
    }
    for (let i = 0; i < 5; i++) {
      const c = s.session(`10.1.0.${i}:1001`, `0x${i + 1}`, { server: SERVERS[1]!, resumed: true });
      c.ask('setWatches', null, { body: watches }).idle(12);
    }
  });

  silent('members that leave one by one, in good order', (s) => {
    const consumers = [1, 2].map((i) => s.session(`10.1.1.${i}:1000`, `0x2${i}`));
    const members = [1, 2, 3].map((i) => s.session(`10.1.0.${i}:1000`, `0x1${i}`).create(`/svc/${i}`, 1));
    for (const c of consumers) c.list('/svc', ['1', '2', '3'], true);
    for (const member of members) member.close();
    for (const c of consumers) c.notify('NodeChildrenChanged', '/svc').list('/svc', [], true);
    for (let i = 0; i < 3; i++) for (const c of consumers) c.idle(2);
  });

  silent('a queue of tasks that is worked off', (s) => {
    const c = s.session('10.1.0.1:1000', '0x1').list('/tasks', ['1', '2', '3'], true);
    const other = s.session('10.1.0.2:1000', '0x2');
    for (const task of ['1', '2', '3']) other.delete(`/tasks/${task}`);
    c.notify('NodeChildrenChanged', '/tasks').list('/tasks', [], true);
    other.list('/tasks', [], false);
    for (let i = 0; i < 3; i++) for (const client of [c, other]) client.idle(2);
  });

  silent('a bulk load, each path once, and a counter that is written without rest', (s) => {
    const c = s.session('10.1.0.1:1000', '0x1');
    for (let i = 0; i < 2000; i++) c.create(`/load/${i}`);
    for (let i = 0; i < 2000; i++) c.setData('/counter');
    c.idle(4);
  });

  silent('two sessions of one process, one that registers and one that works', (s) => {
    const registers = s.session('10.1.0.1:1000', '0x1').create('/svc/me', 1);
    const works = s.session('10.1.0.1:1001', '0x2').list('/svc', ['me'], true);
    for (let i = 0; i < 20; i++) {
      registers.idle(2);
      works.setData('/state').ask('getData', '/conf', {}, { stat: {} });
    }
  });

  silent('a session that closes while its last requests wait, and one whose capture ends in a request', (s) => {
    const c = s.session('10.1.0.1:1000', '0x1').idle(10);
    c.request('getData', '/a');
    s.wait(5);
    c.request('closeSession', null);
    c.fin();
    s.session('10.1.0.2:1000', '0x2').idle(10).request('getData', '/a');
  });
});

describe('the same, when it is wrong', () => {
  it('an expired session whose client registers again is a warning', () => {
    const s = new Scenario();
    s.session('10.1.0.1:1000', '0x1').create('/svc/x-', 3).end('rst');
    s.wait(20).open('10.1.0.1:1001').connect('0x1', '0x0').end('rst');
    s.session('10.1.0.1:1002', '0x2').create('/svc/x-', 3).delete('/svc/x-0000000001').idle(20);
    expect(s.end().map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(['warning session-expired']);
  });

  it('a gap where the read with a watch may lie takes the word away', () => {
    for (const lost of [false, true]) {
      const s = new Scenario();
      const c = s.session('10.1.0.1:1000', '0x1').list('/a', ['x'], true);
      const other = s.session('10.1.0.2:1000', '0x2').create('/a/y');
      c.notify('NodeChildrenChanged', '/a');
      if (lost) c.gap(TO_SERVER);
      other.create('/a/z').idle(4);
      c.list('/a', ['x', 'y', 'z'], false).idle(4).list('/a', ['x', 'y', 'z'], false).idle(10);
      const found = s.end().filter(({ severity }) => severity !== 'info');
      expect(found.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(lost ? [] : ['error missing-rewatch']);
    }
  });

  it('a list is stale by zxid, however many members it has', () => {
    const s = new Scenario();
    const c = s.session('10.1.0.1:1000', '0x1').list('/a', ['x', 'y'], true);
    c.notify('NodeChildrenChanged', '/a');
    s.session('10.1.0.2:1000', '0x2').delete('/a/x').create('/a/z').list('/a', ['y', 'z'], true).idle(20);
    c.idle(4);
    const found = s.end();
    expect(found.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual([
      'error stale-child-list',
      'warning missing-rewatch',
    ]);
    expect(found[0]).toMatchObject({
      ...{ client: '10.1.0.1:1000', session: '0x1', path: '/a', confidence: 'proven' },
      data: { added: ['z'], removed: ['x'] },
      cause: { rule: 'missing-rewatch' },
    });
  });

  it('the same blind window of many sessions is one finding', () => {
    const s = new Scenario();
    const writer = s.session('10.1.1.1:1000', '0x9');
    const clients = [1, 2, 3].map((i) =>
      s.session(`10.1.0.${i}:1000`, `0x${i}`).list('/a', ['x'], true, 'getChildren2'),
    );
    writer.create('/a/y');
    for (const c of clients) c.notify('NodeChildrenChanged', '/a').list('/a', ['x', 'y'], false, 'getChildren2');
    writer.create('/a/z');
    for (const c of clients) c.list('/a', ['x', 'y', 'z'], true, 'getChildren2').idle(4);
    const found = s.end();
    expect(found.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(['error blind-window']);
    expect(found[0]).toMatchObject({
      path: '/a',
      data: { sessions: 3, clients: ['10.1.0.1', '10.1.0.2', '10.1.0.3'], added: ['z'] },
    });
    expect(found[0]!.message).toMatch(/^3 sessions do so; for example: 10\.1\.0\.1:1000 reads \/a /);
  });

  it('the same cause at many clients is one finding', () => {
    const s = new Scenario();
    for (let i = 0; i < 40; i++) s.session(`10.1.0.${i}:1000`, `0x1${i}`).create(`/svc/${i}`, 1).end('rst');
    s.wait(20);
    for (let i = 0; i < 40; i++) s.open(`10.1.0.${i}:1001`).connect(`0x1${i}`, '0x0').end('rst');
    const again = Array.from({ length: 40 }, (_, i) => s.session(`10.1.0.${i}:1002`, `0x2${i}`));
    for (let i = 0; i < 5; i++) {
      s.wait(2);
      for (const c of again) c.ping();
    }
    const found = s.end().filter(({ severity }) => severity === 'error');
    expect(found.map(({ rule }) => rule).sort()).toEqual(['ephemeral-not-recreated', 'session-expired']);
    for (const finding of found) expect(finding.data['clients']).toHaveLength(40);
  });
});
