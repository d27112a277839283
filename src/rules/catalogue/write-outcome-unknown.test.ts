import { describe, expect, it } from 'vitest';
import type { RequestBody, ResponseBody } from '../../protocols/zookeeper/format/records.js';
import { Scenario, type ScenarioConnection } from '../../testing/scenario.js';
import type { Finding } from '../finding.js';

const CLIENT = '10.0.1.1:40000';
const SERVER = '10.0.0.2:2181';
const SEQUENTIAL = 2;

/** A client whose connection the server ends while `write` waits; then it is back elsewhere, and `then` follows. */
function told(
  before: (c: ScenarioConnection, s: Scenario) => void,
  write: (c: ScenarioConnection) => void,
  then: (c: ScenarioConnection, s: Scenario) => void,
): Finding | undefined {
  const s = new Scenario();
  const first = s.session(CLIENT, '0x17', { server: SERVER });
  before(first, s);
  write(first);
  s.wait(0.5);
  first.fin(1);
  s.wait(0.5);
  const second = s.session(CLIENT, '0x17', { server: '10.0.0.3:2181', resumed: true });
  then(second, s);
  second.idle(20);
  return s.end().find(({ rule }) => rule === 'write-outcome-unknown');
}

describe('a sequential create that is repeated', () => {
  const create = (c: ScenarioConnection, number: number): ScenarioConnection =>
    c.create('/q/n-', SEQUENTIAL, { path: `/q/n-000000000${number}` });
  const before = (c: ScenarioConnection): void => {
    c.create('/q');
    create(c, 0);
  };
  const write = (c: ScenarioConnection): void => {
    c.request('create', '/q/n-', { flags: SEQUENTIAL });
  };

  it('leaves a node that nobody knows of, which a list shows: an error', () => {
    const finding = told(before, write, (c) => {
      create(c, 2).list('/q', ['n-0000000000', 'n-0000000001', 'n-0000000002'], false);
    });
    expect(finding).toMatchObject({ severity: 'error', data: { outcome: 'applied', doneTwice: 1 } });
    expect(finding?.message).toContain('whose name nobody was told');
    expect(finding?.unrepaired).toContain('/q/n-');
  });

  it('says nothing without a list, nor where the number is somebody else’s', () => {
    const alone = told(before, write, (c) => create(c, 2));
    expect(alone).toMatchObject({ severity: 'warning', data: { outcome: 'unknown' } });
    const others = told(before, write, (c, s) => {
      create(s.session('10.0.1.2:40000', '0x18'), 1);
      create(c, 2).list('/q', ['n-0000000000', 'n-0000000001', 'n-0000000002'], false);
    });
    expect(others).toMatchObject({ severity: 'warning', data: { outcome: 'unknown' } });
  });
});

describe('a setData that is repeated', () => {
  const set = (c: ScenarioConnection, version: number): ScenarioConnection =>
    c.ask('setData', '/counter', {}, { stat: { version } });

  it('counts twice in the version: that is said', () => {
    const finding = told(
      (c) => set(c, 4),
      (c) => c.request('setData', '/counter'),
      (c) => set(c, 6),
    );
    expect(finding).toMatchObject({ severity: 'warning', data: { outcome: 'applied', doneTwice: 1 } });
    expect(finding?.message).toContain('twice in the version');
  });

  it('or once', () => {
    const finding = told(
      (c) => set(c, 4),
      (c) => c.request('setData', '/counter'),
      (c) => set(c, 5),
    );
    expect(finding?.data).toMatchObject({ outcome: 'not applied' });
    expect(finding?.data).not.toHaveProperty('doneTwice');
  });

  it('a multi of another client that writes the path explains its version', () => {
    const body: RequestBody = { ops: [{ op: 'setData', path: '/counter' }] };
    const finding = told(
      (c) => set(c, 4),
      (c) => c.request('setData', '/counter'),
      (c, s) => {
        const stat = { version: 5 } as never;
        s.session('10.0.1.2:40000', '0x18').ask('multi', null, { body }, { body: { ops: [{ op: 'setData', stat }] } });
        set(c, 6);
      },
    );
    expect(finding?.data).toMatchObject({ outcome: 'not applied' });
  });
});

describe('a multi without an answer', () => {
  const body: RequestBody = {
    ops: [
      { op: 'check', path: '/lock', version: 3 },
      { op: 'create', path: '/jobs/7', flags: 0 },
    ],
  };
  const failed: ResponseBody = {
    ops: [
      { op: 'error', err: 0 },
      { op: 'error', err: -110 },
    ],
  };
  const done: ResponseBody = { ops: [{ op: 'check' }, { op: 'create', path: '/jobs/7' }] };
  const write = (c: ScenarioConnection): void => {
    c.request('multi', null, { body });
  };

  it('was applied where its repetition fails at what it had made', () => {
    const finding = told(
      () => undefined,
      write,
      (c) => c.ask('multi', null, { body }, { body: failed }),
    );
    expect(finding).toMatchObject({ path: '/lock', data: { outcome: 'applied' } });
    expect(finding?.message).toContain('the create in the repeated multi is answered NodeExists');
  });

  it('was not where its repetition makes it', () => {
    const finding = told(
      () => undefined,
      write,
      (c) => c.ask('multi', null, { body }, { body: done }),
    );
    expect(finding?.data).toMatchObject({ outcome: 'not applied' });
  });

  it('is unknown where nobody repeats it', () => {
    const finding = told(
      () => undefined,
      write,
      () => undefined,
    );
    expect(finding?.data).toMatchObject({ outcome: 'unknown' });
  });
});

describe('a write whose server is gone', () => {
  const told = (server: string | null): Finding | undefined => {
    const s = new Scenario();
    const c = s.session(CLIENT, '0x17', { server: SERVER });
    c.request('setData', '/counter');
    s.wait(0.5);
    c.fin(1);
    s.wait(0.1);
    if (server !== null) {
      const refused = s.open(CLIENT, server);
      refused.tcp.synAck = null;
      refused.tcp.refused = s.moment();
      refused.end('rst');
    }
    s.session(CLIENT, '0x17', { server: '10.0.0.3:2181', resumed: true }).idle(20);
    return s.end().find(({ rule }) => rule === 'write-outcome-unknown');
  };

  it('is explained by the server that refuses right after', () => {
    expect(told(SERVER)?.cause).toMatchObject({ rule: 'connect-refused', server: SERVER });
  });

  it('is not by another that does, nor by nothing', () => {
    expect(told('10.0.0.9:2181')).toMatchObject({ data: { outcome: 'unknown' } });
    expect(told('10.0.0.9:2181')?.cause).toBeUndefined();
    expect(told(null)?.cause).toBeUndefined();
  });
});
