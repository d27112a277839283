import { describe, expect, it } from 'vitest';
import { TO_CLIENT } from '../../observations/connectionFacts.js';
import type { DataValue } from '../finding.js';
import { Scenario } from '../../testing/scenario.js';

const HOST = '10.1.0.1';

/** A session whose client falls silent; its server closes after four seconds, and the client's kernel acknowledges that. */
function silent(s: Scenario): void {
  const client = s.session(`${HOST}:1000`, '0x1', { timeout: 6000 }).idle(4);
  s.wait(4);
  client.segment('fin', TO_CLIENT);
  client.tcp.toClient.finAcked = true;
  client.end('rst');
}

/** Lengths of the silences that are told, in seconds. */
function stalls(s: Scenario): readonly DataValue[] {
  const found = s.end().filter(({ rule, title }) => rule === 'timeout-misfit' && title.includes('too short'));
  return found.flatMap(({ data }) => (data['affected'] as { stalls: DataValue[] }[]).flatMap((entry) => entry.stalls));
}

describe('timeout-misfit', () => {
  it.each([1, 15, 16, 100])(
    'knows the first sign of life after a silence though the host opens many connections since: %i',
    (count) => {
      const s = new Scenario();
      silent(s);
      s.wait(4);
      for (let i = 0; i < count; i++) {
        s.open(`${HOST}:${2000 + i}`);
        s.wait(0.2);
      }
      s.session(`${HOST}:1001`, '0x1', { resumed: true, timeout: 6000 }).idle(10);
      expect(stalls(s).map(Math.round as (value: DataValue) => number)).toEqual([8]);
    },
  );

  it('says nothing of a silence whose end nobody knows any more', () => {
    const s = new Scenario();
    const client = s.session(`${HOST}:1000`, '0x1', { timeout: 6000 }).idle(4);
    s.wait(4);
    client.segment('fin', TO_CLIENT);
    client.tcp.toClient.finAcked = true;
    // The connection is over long after its host opened others.
    for (let i = 0; i < 16; i++) s.wait(1).open(`${HOST}:${2000 + i}`);
    client.end('rst');
    s.session(`${HOST}:1001`, '0x1', { resumed: true, timeout: 6000 }).idle(10);
    expect(stalls(s)).toEqual([]);
  });

  it('forgets the hosts that opened connections first, of very many, and no other', () => {
    const s = new Scenario();
    silent(s);
    for (let i = 0; i < 4000; i++) s.open(`10.2.${i >> 8}.${i & 255}:1000`);
    s.session(`${HOST}:1001`, '0x1', { resumed: true, timeout: 6000 }).idle(10);
    expect(stalls(s).map(Math.round as (value: DataValue) => number)).toEqual([8]);
  });
});
