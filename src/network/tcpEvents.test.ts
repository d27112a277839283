import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MessageReader } from '../protocols/messageReader.js';
import type { Connection } from './connection.js';
import { TcpEvents, type TcpEvent, type TcpEventKind } from './tcpEvents.js';

const folder = new URL('../../fixtures/incidents/', import.meta.url).pathname;

async function eventsOf(file: string): Promise<Map<Connection, TcpEvent[]>> {
  const byConnection = new Map<Connection, TcpEvent[]>();
  const events = new TcpEvents((event) => {
    const list = byConnection.get(event.connection);
    if (list === undefined) byConnection.set(event.connection, [event]);
    else list.push(event);
  });
  const none = (): void => undefined;
  const reader = new MessageReader(
    [join(folder, file)],
    { message: none, gap: none, connectionOpened: none, connectionClosed: none },
    {
      onSegment: (connection, segment) => {
        events.segment(connection, segment);
      },
    },
  );
  await reader.read();
  return byConnection;
}

describe("TCP's events one by one", () => {
  const captures = readdirSync(folder).filter((name) =>
    /^(sidecar|ensemble|leftover-connections-ok|server-pause).*\.pcap/.test(name),
  );
  for (const capture of captures) {
    it(`add up to what the reassembly counts in ${capture}`, async () => {
      const byConnection = await eventsOf(capture);
      expect(byConnection.size).toBeGreaterThan(0);
      for (const [connection, events] of byConnection) {
        const count = (kind: TcpEventKind, direction?: number): number =>
          events.filter((event) => event.kind === kind && (direction === undefined || event.direction === direction))
            .length;
        expect(count('syn') + count('synRetransmission')).toBe(connection.synCount);
        expect(count('synAck')).toBe(connection.synAck === null ? 0 : 1);
        expect(count('refused')).toBe(connection.refused === null ? 0 : 1);
        for (const [direction, facts] of [
          [0, connection.toServer],
          [1, connection.toClient],
        ] as const) {
          expect(count('fin', direction)).toBe(facts.fin === null ? 0 : 1);
          expect(count('finRetransmission', direction)).toBe(facts.finRepeats);
          expect(count('keepAlive', direction)).toBe(facts.keepAlives);
          // A FIN that is sent again may repeat data too: it is one event, the FIN.
          const again = count('retransmission', direction);
          expect(again).toBeLessThanOrEqual(facts.retransmissions);
          expect(again + facts.finRepeats).toBeGreaterThanOrEqual(facts.retransmissions);
          expect(count('rst', direction) + count('refused', direction)).toBe(facts.rst === null ? 0 : 1);
        }
        for (const [i, event] of events.entries())
          if (i > 0) expect(event.frame).toBeGreaterThanOrEqual(events[i - 1]!.frame);
      }
    });
  }
});
