import { describe, expect, it } from 'vitest';
import { Scenario } from '../../testing/scenario.js';

describe('herd', () => {
  it('counts the reads of all rounds, however many there are', () => {
    const s = new Scenario();
    const maker = s.session('10.1.0.1:1000', '0x1');
    const woken = Array.from({ length: 12 }, (_, i) =>
      s.session(`10.1.1.${i}:1000`, `0x2${i}`).list('/services', [], true),
    );
    const rounds = 150;
    for (let i = 0; i < rounds; i++) {
      maker.create(`/services/p${i}`);
      for (const session of woken) session.notify('NodeChildrenChanged', '/services');
      for (const session of woken) session.list('/services', [`p${i}`], true);
      s.wait(5);
    }
    const found = s.end().filter(({ rule }) => rule === 'herd');
    expect(found.map(({ data }) => [data['rounds'], data['reads'], data['watchers']])).toEqual([
      [rounds, rounds * woken.length, woken.length],
    ]);
  });

  it('sees a herd among more changes than it keeps', () => {
    const s = new Scenario();
    const one = s.session('10.1.0.1:1000', '0x1');
    const woken = Array.from({ length: 12 }, (_, i) => s.session(`10.1.1.${i}:1000`, `0x2${i}`));
    // All in the same second.
    const { now } = s;
    const others = (count: number, name: string): void => {
      for (let i = 0; i < count; i++) {
        one.notify('NodeDataChanged', `/single/${name}${i}`);
        s.now = now;
      }
    };
    others(10_050, 'p');
    for (const session of woken) session.notify('NodeChildrenChanged', '/services');
    others(2000, 'q');
    for (const session of woken) session.list('/services', ['a'], true);
    const found = s.end().filter(({ rule }) => rule === 'herd');
    expect(found.map(({ path, data }) => [path, data['reads'], data['watchers']])).toEqual([['/services', 12, 12]]);
  });
});
