import { describe, expect, it } from 'vitest';
import { TO_CLIENT } from '../../observations/connectionFacts.js';
import { Scenario, type ScenarioConnection } from '../../testing/scenario.js';

const SERVER = '10.0.0.1:2181';
const LARGE = 2_000_000;

function session(s: Scenario, host: string, id: string, server = SERVER): ScenarioConnection {
  return s.session(`${host}:1000`, id, { server }).ask('getData', '/a');
}

function closedByServer(connection: ScenarioConnection): void {
  connection.segment('fin', TO_CLIENT);
  connection.end('fin');
}

/** A request that the server does not take: it closes the connection. */
function refused(s: Scenario): void {
  const writer = session(s, '10.1.0.1', '0x1');
  writer.request('setData', '/large', { length: LARGE });
  closedByServer(writer);
}

function told(s: Scenario): unknown[] {
  return s.end().flatMap(({ rule, path }) => (rule === 'oversize' ? [path] : []));
}

describe('oversize', () => {
  it('tells of a request that ends its connection', () => {
    const s = new Scenario();
    const other = session(s, '10.1.0.2', '0x2');
    refused(s);
    s.wait(5);
    other.ping();
    expect(told(s)).toEqual(['/large']);
  });

  it.each(['before', 'after'])(
    'knows a server that goes down: it ends the connections of others right %s it',
    (when) => {
      const s = new Scenario();
      const others = Array.from({ length: 20 }, (_, i) => session(s, `10.1.1.${i}`, `0x2${i}`));
      const writer = session(s, '10.1.0.1', '0x1');
      writer.request('setData', '/large', { length: LARGE });
      if (when === 'before') for (const other of others) closedByServer(other);
      closedByServer(writer);
      if (when === 'after') for (const other of others) closedByServer(other);
      expect(told(s)).toEqual([]);
    },
  );

  it('does not take what the server ended long before or after it, or on another server, for its going down', () => {
    const s = new Scenario();
    const [before, after] = [session(s, '10.1.0.2', '0x2'), session(s, '10.1.0.3', '0x3')];
    const elsewhere = session(s, '10.1.0.4', '0x4', '10.0.0.2:2181');
    closedByServer(before);
    s.wait(3);
    refused(s);
    closedByServer(elsewhere);
    s.wait(3);
    closedByServer(after);
    expect(told(s)).toEqual(['/large']);
  });

  it('still knows it when very many other servers end connections', () => {
    const s = new Scenario();
    const witness = session(s, '10.1.0.2', '0x2');
    refused(s);
    for (let i = 0; i < 1100; i++) {
      const one = s.open(`10.3.${i >> 8}.${i & 255}:1000`, `10.4.${i >> 8}.${i & 255}:2181`);
      closedByServer(one.connect('0x0', `0x1000${i}`));
    }
    s.wait(5);
    witness.ping();
    expect(told(s)).toEqual(['/large']);
  });
});
