import { sinkOf } from '../../observations/forward.js';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ConnectionFacts } from '../../observations/connectionFacts.js';
import { etcd } from '../../protocols/etcd/index.js';
import { CaptureReader } from '../../observations/captureReader.js';
import { ConnectionChurn, firstToEnd } from './connectionChurn.js';

const SECOND = 1e9;

/** A connection that was opened and ended, by the client unless said otherwise, at these seconds. */
function short(id: number, opened: number, ended: number | null, by: 'client' | 'server' = 'client'): ConnectionFacts {
  const start = { frame: id * 10, time: opened * SECOND };
  const client = { ip: '10.0.0.2', port: 1000 + id, text: `10.0.0.2:${1000 + id}` };
  const server = { ip: '10.0.0.1', port: 2380, text: '10.0.0.1:2380' };
  const connection = new ConnectionFacts(id, client, server, start, false);
  connection.syn = start;
  if (ended !== null) {
    const fin = { frame: id * 10 + 5, time: ended * SECOND };
    (by === 'client' ? connection.toServer : connection.toClient).fin = fin;
  }
  return connection;
}

const USED = { requests: 1, probe: false };

function churnOf(connections: readonly ConnectionFacts[]): { churn: number; ordinary: number; kept: number } {
  const model = new ConnectionChurn();
  for (const connection of connections) model.closed(connection, USED);
  model.end();
  const [load] = [...model.loadsFor('10.0.0.1:2380')];
  return { churn: load?.churn.connections ?? 0, ordinary: load?.ordinary ?? 0, kept: load?.kept ?? 0 };
}

describe('connection churn', () => {
  it('counts many short connections in a short time, and those next to them', () => {
    const burst = Array.from({ length: 25 }, (_, i) => short(i, i * 0.3, i * 0.3 + 0.1));
    const after = Array.from({ length: 5 }, (_, i) => short(100 + i, 11 + i, 11.5 + i));
    expect(churnOf([...burst, ...after])).toEqual({ churn: 30, ordinary: 0, kept: 0 });
  });

  it('leaves a connection every few seconds alone, however long it goes on', () => {
    const slow = Array.from({ length: 500 }, (_, i) => short(i, i * 2, i * 2 + 1));
    expect(churnOf(slow)).toEqual({ churn: 0, ordinary: 500, kept: 0 });
  });

  it('counts a burst that lasts, window after window', () => {
    const long = Array.from({ length: 1000 }, (_, i) => short(i, i * 0.25, i * 0.25 + 5));
    expect(churnOf(long)).toEqual({ churn: 1000, ordinary: 0, kept: 0 });
  });

  it('keeps apart what lives on, what lived long, and what was in use', () => {
    const open = Array.from({ length: 40 }, (_, i) => short(i, i * 0.1, null));
    const long = Array.from({ length: 40 }, (_, i) => short(50 + i, i * 0.1, 100));
    expect(churnOf([...open, ...long])).toEqual({ churn: 0, ordinary: 0, kept: 80 });
  });

  it('does not judge what was not captured whole', () => {
    const holes = Array.from({ length: 40 }, (_, i) => short(i, i * 0.1, i * 0.1 + 0.05));
    for (const connection of holes) connection.toClient.gapBytes = 1;
    expect(churnOf(holes)).toEqual({ churn: 0, ordinary: 0, kept: 0 });
    const before = Array.from({ length: 40 }, (_, i) => short(i, i * 0.1, i * 0.1 + 0.05));
    for (const connection of before) connection.syn = null;
    expect(churnOf(before)).toEqual({ churn: 0, ordinary: 0, kept: 0 });
  });
});

const FIXTURES = fileURLToPath(new URL('../../../fixtures/etcd/', import.meta.url));

it.each(['conn-churn.pcap', 'lease-failover.pcapng', 'lease-slow-leader.pcap'])(
  '%s: connections are opened and closed as its truth says',
  async (capture) => {
    const truth = JSON.parse(readFileSync(`${FIXTURES}${capture.replace(/\.pcap(ng)?$/, '')}.truth.json`, 'utf8')) as {
      connections: {
        opened_in_capture: number;
        open_before_first_packet: number;
        one_http_request_then_closed: number;
        opened_by_port: Record<string, number>;
        first_fin: Record<string, number>;
      };
    };
    const requests = new Map<ConnectionFacts, number>();
    const all: ConnectionFacts[] = [];
    const reader = new CaptureReader(
      [`${FIXTURES}${capture}.gz`],
      sinkOf({
        message({ kind, protocol }, connection) {
          if (kind === 'request' && protocol === 'etcd') requests.set(connection, (requests.get(connection) ?? 0) + 1);
        },
        opened: (connection) => {
          all.push(connection);
        },
      }),
      { protocols: [etcd()] },
    );
    await reader.read();
    const opened = all.filter((connection) => connection.syn !== null);
    const counted = (keys: readonly string[]): Record<string, number> => {
      const counts: Record<string, number> = {};
      for (const key of keys) counts[key] = (counts[key] ?? 0) + 1;
      return counts;
    };
    const ends = opened.map((connection) => firstToEnd(connection).by ?? 'None');
    const once = opened.filter(
      (connection) =>
        connection.server.port === 2380 && requests.get(connection) === 1 && firstToEnd(connection).by !== null,
    );
    expect(opened).toHaveLength(truth.connections.opened_in_capture);
    expect(all.length - opened.length).toBe(truth.connections.open_before_first_packet);
    expect(counted(opened.map(({ server }) => String(server.port)))).toEqual(truth.connections.opened_by_port);
    expect(counted(ends)).toEqual(truth.connections.first_fin);
    expect(once).toHaveLength(truth.connections.one_http_request_then_closed);
  },
);
