import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scenario, type ScenarioConnection } from '../../../testing/scenario.js';
import { PathHistory, PathKnowledge, type Judgement } from './index.js';

interface Recorded {
  readonly scenario: Scenario;
  readonly history: PathHistory;
}

function recorded(path = '/svc'): Recorded {
  const scenario = new Scenario({ registry: [] });
  const history = new PathHistory(scenario.analysis.model, path);
  scenario.analysis.model.addListener(history);
  return { scenario, history };
}

function knowledge({ scenario, history }: Recorded): PathKnowledge {
  scenario.end();
  return new PathKnowledge(history, Math.round(scenario.now * 1e9));
}

/** Status and reason of the session of a client. */
function statusOf(judgements: readonly Judgement[], client: string): [string, string | null] {
  const judgement = judgements.find(({ own }) => own.session.client === client)!;
  return [judgement.status, judgement.reason];
}

const READER = '10.0.0.9:1000';
const WRITER = '10.0.0.8:2000';

function started(): Recorded & { reader: ScenarioConnection; writer: ScenarioConnection } {
  const run = recorded();
  const reader = run.scenario.session(READER, '0x1');
  const writer = run.scenario.session(WRITER, '0x2');
  return { ...run, reader, writer };
}

describe("a session's knowledge of a list", () => {
  it('is up to date when the notification is followed by a read', () => {
    const run = started();
    run.reader.list('/svc', ['a'], true, 'getChildren2');
    run.writer.create('/svc/b');
    run.reader.notify('NodeChildrenChanged', '/svc').list('/svc', ['a', 'b'], true, 'getChildren2');
    run.reader.idle(30);
    const { judgements } = knowledge(run);
    expect(statusOf(judgements, READER)).toEqual(['upToDate', null]);
  });

  it('is out of date when it was told and did not read again, by what it misses', () => {
    const run = started();
    run.reader.list('/svc', ['a'], true, 'getChildren2');
    run.writer.create('/svc/b');
    run.reader.notify('NodeChildrenChanged', '/svc');
    run.writer.delete('/svc/a');
    run.reader.idle(5);
    const { judgements } = knowledge(run);
    expect(statusOf(judgements, READER)).toEqual(['outOfDate', 'notReadAgain']);
    expect([judgements[0]!.current?.missing, judgements[0]!.current?.extra]).toEqual([['b'], ['a']]);
  });

  it('is up to date where a recursive watch names every child that comes or goes', () => {
    for (const watchMode of ['PERSISTENT_RECURSIVE', 'PERSISTENT']) {
      const run = started();
      run.reader.ask('addWatch', '/svc', { body: { watchMode } }).list('/svc', ['a'], false, 'getChildren2');
      run.writer.create('/svc/b');
      if (watchMode === 'PERSISTENT') run.reader.notify('NodeChildrenChanged', '/svc');
      else run.reader.notify('NodeCreated', '/svc/b');
      run.reader.idle(30);
      const { judgements } = knowledge(run);
      expect(statusOf(judgements, READER)[0]).toBe(watchMode === 'PERSISTENT' ? 'outOfDate' : 'upToDate');
    }
  });

  it('is pending while a read may be under way, or the watch has not fired', () => {
    const told = started();
    told.reader.list('/svc', ['a'], true, 'getChildren2');
    told.writer.create('/svc/b');
    told.reader.notify('NodeChildrenChanged', '/svc');
    expect(statusOf(knowledge(told).judgements, READER)).toEqual(['pending', 'justTold']);
    const lagging = started();
    lagging.reader.list('/svc', ['a'], true, 'getChildren2');
    lagging.writer.create('/svc/b');
    lagging.reader.idle(20);
    expect(statusOf(knowledge(lagging).judgements, READER)).toEqual(['pending', 'notToldYet']);
  });

  it('does not count a notification that was never acknowledged', () => {
    const run = started();
    run.reader.list('/svc', ['a'], true, 'getChildren2');
    run.writer.create('/svc/b');
    run.reader.acknowledges = false;
    run.reader.notify('NodeChildrenChanged', '/svc');
    run.scenario.wait(5);
    run.writer.ping();
    expect(statusOf(knowledge(run).judgements, READER)).toEqual(['outOfDate', 'notDelivered']);
  });

  it('is unknown where bytes are missing after its last read', () => {
    const run = started();
    run.reader.list('/svc', ['a'], true, 'getChildren2');
    run.writer.create('/svc/b');
    run.reader.notify('NodeChildrenChanged', '/svc').gap(0).idle(5);
    expect(statusOf(knowledge(run).judgements, READER)).toEqual(['unknown', 'gap']);
  });

  it('is nobody’s business where no watch was ever set', () => {
    const run = started();
    run.reader.list('/svc', ['a'], false, 'getChildren2');
    run.writer.create('/svc/b');
    run.reader.idle(5);
    expect(statusOf(knowledge(run).judgements, READER)).toEqual(['notFollowing', null]);
  });

  it('ends with the session, and a new session of the client that never reads is out of date', () => {
    const run = started();
    run.reader.list('/svc', ['a'], true, 'getChildren2');
    run.reader.end('rst');
    run.writer.create('/svc/b');
    run.scenario.wait(10);
    const again = run.scenario.open('10.0.0.9:1001').connect('0x1', '0x0');
    again.end('rst');
    run.scenario.session('10.0.0.9:1002', '0x3').idle(10);
    expect(statusOf(knowledge(run).judgements, READER)).toEqual(['outOfDate', 'newSessionNeverRead']);
    const closed = started();
    closed.reader.list('/svc', ['a'], true, 'getChildren2').close();
    closed.writer.create('/svc/b').idle(5);
    expect(statusOf(knowledge(closed).judgements, READER)[0]).toBe('ended');
  });

  it('goes by the first of two lists where the client shows that it throws the second away', () => {
    const run = started();
    const { reader, writer } = run;
    const readTwice = (first: string[], change: () => void, second: string[]): void => {
      reader.notify('NodeChildrenChanged', '/svc').list('/svc', first, false, 'getChildren2');
      for (const name of first) reader.ask('getData', `/svc/${name}`, {}, { stat: {} });
      change();
      reader.list('/svc', second, true, 'getChildren2');
    };
    reader.list('/svc', ['a', 'b'], true, 'getChildren2');
    writer.create('/svc/c');
    readTwice(['a', 'b', 'c'], () => writer.create('/svc/d'), ['a', 'b', 'c', 'd']);
    writer.create('/svc/e');
    readTwice(['a', 'b', 'c', 'd', 'e'], () => writer.delete('/svc/a'), ['b', 'c', 'd', 'e']);
    reader.idle(5);
    const { judgements } = knowledge(run);
    expect(statusOf(judgements, READER)).toEqual(['outOfDate', 'secondListUnused']);
    expect(judgements[0]!.confidence).toBe('likely');
    expect(judgements[0]!.current?.extra).toEqual(['a']);
    expect(judgements[0]!.intervals.map(({ blind }) => blind)).toContain(true);
  });

  it('does not take a client that asks for the new children for one that throws lists away', () => {
    const run = started();
    const { reader, writer } = run;
    reader.list('/svc', ['a'], true, 'getChildren2');
    writer.create('/svc/b');
    reader.notify('NodeChildrenChanged', '/svc').list('/svc', ['a', 'b'], false, 'getChildren2');
    for (const name of ['a', 'b']) reader.ask('getData', `/svc/${name}`, {}, { stat: {} });
    writer.create('/svc/c');
    reader.list('/svc', ['a', 'b', 'c'], true, 'getChildren2').ask('getData', '/svc/c', {}, { stat: {} });
    reader.idle(5);
    expect(statusOf(knowledge(run).judgements, READER)).toEqual(['upToDate', null]);
  });

  it('cannot tell which of two lists is used where the second only lacks children', () => {
    const run = started();
    const { reader, writer } = run;
    reader.list('/svc', ['a', 'b'], true, 'getChildren2');
    writer.create('/svc/c');
    reader.notify('NodeChildrenChanged', '/svc').list('/svc', ['a', 'b', 'c'], false, 'getChildren2');
    writer.delete('/svc/a');
    reader.list('/svc', ['b', 'c'], true, 'getChildren2').idle(5);
    expect(statusOf(knowledge(run).judgements, READER)).toEqual(['possiblyOutOfDate', 'secondListUnclear']);
  });
});

describe("a session's knowledge of data", () => {
  it('follows mzxid, and knows what it wrote itself', () => {
    const run = started();
    const stat = { mzxid: run.scenario.zxid };
    run.reader.ask('getData', '/svc', { watch: true }, { stat });
    run.writer.ask('getData', '/svc', { watch: true }, { stat });
    run.writer.setData('/svc').notify('NodeDataChanged', '/svc');
    run.reader.notify('NodeDataChanged', '/svc').idle(4);
    run.writer.ping();
    const { judgements } = knowledge(run);
    expect(statusOf(judgements, READER)).toEqual(['outOfDate', 'notReadAgain']);
    expect(statusOf(judgements, WRITER)[0]).toBe('upToDate');
  });

  it('owes nothing to who was told that the znode is gone', () => {
    const run = started();
    run.reader.ask('exists', '/svc', { watch: true }, { stat: { mzxid: 50 } });
    run.writer.delete('/svc');
    run.reader.notify('NodeDeleted', '/svc').idle(5);
    expect(statusOf(knowledge(run).judgements, READER)).toEqual(['upToDate', 'toldDeleted']);
  });
});

type Step =
  | { readonly what: 'create' | 'delete'; readonly name: number; readonly seen: boolean }
  | { readonly what: 'read'; readonly reader: number; readonly stat: boolean; readonly back: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    what: fc.constantFrom('create' as const, 'delete' as const),
    name: fc.nat(7),
    seen: fc.boolean(),
  }),
  fc.record({ what: fc.constant('read' as const), reader: fc.nat(2), stat: fc.boolean(), back: fc.nat(2) }),
);

describe('the order of changes', () => {
  it('agrees with every list that was read, whatever was captured, on servers that lag', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, onlyStat) => {
        const run = recorded();
        const readers = [0, 1, 2].map((i) => run.scenario.session(`10.0.1.${i}:1000`, `0x1${i}`));
        const writer = run.scenario.session(WRITER, '0x2');
        /** The server's list after each change: zxid, names, number of changes. */
        const states = [{ zxid: run.scenario.zxid, names: ['base'] }];
        for (const { what, ...rest } of steps) {
          const { names } = states.at(-1)!;
          if ('name' in rest) {
            const name = `n${rest.name}`;
            if ((what === 'create') === names.includes(name)) continue;
            if (rest.seen) {
              if (what === 'create') writer.create(`/svc/${name}`);
              else writer.delete(`/svc/${name}`);
            } else run.scenario.zxid++;
            const after = what === 'create' ? [...names, name] : names.filter((other) => other !== name);
            states.push({ zxid: run.scenario.zxid, names: after });
          } else if ('reader' in rest) {
            const index = Math.max(0, states.length - 1 - rest.back);
            const state = states[index]!;
            const stat = { pzxid: state.zxid, cversion: index };
            const withStat = rest.stat || onlyStat;
            // A server that lags has seen no more than what it shows.
            const answer = { children: state.names, zxid: state.zxid, ...(withStat ? { stat } : {}) };
            readers[rest.reader]!.ask(withStat ? 'getChildren2' : 'getChildren', '/svc', {}, answer);
          }
        }
        const final = states.at(-1)!;
        readers[0]!.ask(
          'getChildren2',
          '/svc',
          {},
          {
            children: final.names,
            zxid: final.zxid,
            stat: { pzxid: final.zxid, cversion: states.length - 1 },
          },
        );
        const { children } = knowledge(run);
        const zxids = children.changes.map(({ zxid }) => zxid);
        expect(zxids).toEqual(zxids.toSorted((a, b) => a - b));
        expect([...children.listAfter(children.changes.length)!].sort()).toEqual([...final.names].sort());
        expect([...children.base!]).toContain('base');
        for (const snapshot of run.history.snapshots.filter(({ pzxid }) => pzxid >= 0)) {
          const list = children.listAfter(children.firstAfter(snapshot.position))!;
          expect([...list].sort()).toEqual([...snapshot.names].sort());
        }
        for (const change of children.changes) {
          if (!change.exact) continue;
          const before = states.findLast(({ zxid }) => zxid < change.zxid);
          const after = states.find(({ zxid }) => zxid === change.zxid);
          expect(after?.names.includes(change.child!)).toBe(change.kind === 'create');
          expect(before?.names.includes(change.child!)).toBe(change.kind === 'delete');
        }
      }),
      { numRuns: 500 },
    );
  });
});
