import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MessageReader } from '../protocols/messageReader.js';
import type { Connection, Direction } from './connection.js';
import { CaptureBuilder } from '../testing/captureBuilder.js';
import { readCapture } from '../testing/captureFile.js';
import { eachFrame } from '../testing/frames.js';
import { Dissector } from './dissector.js';
import { TcpReassembly } from './tcp.js';
import type { TcpEventKind } from './tcpEvents.js';

interface TcpEvent {
  readonly kind: TcpEventKind;
  readonly direction: Direction;
  readonly frame: number;
}

/** Of fixtures/healthy-mixed.pcap. */
const D_SACKS = [200, 1263, 1726, 9608, 9609, 10718, 10721, 10722];

const folder = fileURLToPath(new URL('../../fixtures/incidents/', import.meta.url));

async function eventsOf(file: string): Promise<Map<Connection, TcpEvent[]>> {
  const byConnection = new Map<Connection, TcpEvent[]>();
  const none = (): void => undefined;
  const reader = new MessageReader([join(folder, file)], {
    message: none,
    gap: none,
    connectionOpened: none,
    connectionClosed: none,
    tcpEvent: (kind, connection, direction, frame) => {
      const list = byConnection.get(connection) ?? [];
      byConnection.set(connection, list);
      list.push({ kind, direction, frame });
    },
  });
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

describe('what tells losses from copies that nobody needed', () => {
  const ends = { client: '10.0.0.1:40000', server: '10.0.0.2:2181' };

  /** Repetitions, D-SACKs and late first copies, with their directions and frames. */
  function told(builder: CaptureBuilder): string[] {
    const events: string[] = [];
    const none = (): void => undefined;
    const tcp = new TcpReassembly({
      server: (a) => a,
      opened: () => ({ data: none, gap: none, fin: none, end: none }),
      closed: none,
      tcpEvent: (kind, _connection, direction, frame) => {
        if (/^(retransmission|dsack|outOfOrder)$/.test(kind)) events.push(`${kind} ${direction} in ${frame}`);
      },
    });
    const dissector = new Dissector((segment) => {
      tcp.segment(segment);
    });
    eachFrame(readCapture(builder.toPcap()), (frame) => {
      dissector.frame(frame);
    });
    return events;
  }

  // What tshark says of it: `-Y tcp.options.sack.dsack`.
  it('the eight D-SACKs of a healthy capture', async () => {
    const events = [...(await eventsOf('../healthy-mixed.pcap')).values()].flat();
    const frames = events.filter(({ kind }) => kind === 'dsack').map(({ frame }) => frame);
    expect(frames.sort((a, b) => a - b)).toEqual(D_SACKS);
  });

  it('a D-SACK counts only behind a repetition, a SACK of later bytes never', () => {
    for (const timestamps of [false, true]) {
      const builder = new CaptureBuilder();
      const c = builder.connection({ ...ends, timestamps });
      c.handshake().server('four').dsack('client'); // nothing was sent again
      c.retransmit('server').dsack('client');
      c.server('five').server('six', { dropped: true }).server('seven');
      c.retransmit('server', 1);
      const later = Buffer.from([1, 1, 5, 10, 0, 0, 0, 0, 0, 0, 0, 0]);
      later.writeUInt32BE(2_000_100, 4);
      later.writeUInt32BE(2_000_105, 8);
      c.ack('client', { options: later });
      const [first, second, third, ...more] = told(builder);
      expect([first, second, third]).toEqual(['retransmission 1 in 6', 'dsack 0 in 7', 'retransmission 1 in 11']);
      expect(more).toEqual([]);
    }
  });

  it('options that make no sense say nothing', () => {
    for (const options of ['05000000', '0502ffff', '050a0000', '08ff0101', '01010101', '00050a00']) {
      const builder = new CaptureBuilder();
      const c = builder.connection(ends);
      c.handshake().server('four').retransmit('server');
      c.ack('client', { options: Buffer.from(options, 'hex') });
      expect(told(builder)).toEqual(['retransmission 1 in 5']);
    }
  });

  it('bytes that come after later ones while the receiver waits for them', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.server('lost ', { lost: true, dropped: true }).server('seen').ack('client');
    c.wait(0.2).retransmit('server', 1).ack('client');
    expect(told(builder)).toEqual(['outOfOrder 1 in 6']);
  });

  it('but not those that only changed places, nor those that the capture alone has lost', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.server('first', { lost: true, dropped: true }).server('second').retransmit('server', 1).ack('client');
    c.server('third', { lost: true }).server('fourth').ack('client').wait(0.2).retransmit('server', 1).ack('client');
    expect(told(builder).filter((event) => event.startsWith('outOfOrder'))).toEqual([]);
  });
});

describe('acknowledgements', () => {
  const ends = { client: '10.0.0.1:40000', server: '10.0.0.2:2181' };

  /** What is told of a capture whose server bytes are watched up to `position`. */
  function watched(builder: CaptureBuilder, position: number): { told: string[]; connection: Connection } {
    const told: string[] = [];
    const connections: Connection[] = [];
    const tcp = new TcpReassembly({
      server: (a) => a,
      opened: (connection) => {
        connections.push(connection);
        connection.toClient.watchFor = position;
        return {
          data: ({ direction }) => told.push(`data ${direction}`),
          gap: () => undefined,
          fin: () => undefined,
          end: () => undefined,
        };
      },
      closed: () => told.push('closed'),
      tcpEvent: (kind, _connection, direction, frame) => told.push(`${kind} ${direction} in ${frame}`),
      acknowledged: (connection, direction) =>
        told.push(`${direction} acknowledged in ${connection.stream(direction).ackedFrame}`),
    });
    const dissector = new Dissector((segment) => {
      tcp.segment(segment);
    });
    eachFrame(readCapture(builder.toPcap()), (frame) => {
      dissector.frame(frame);
    });
    return { told, connection: connections[0]! };
  }

  it('that reach what somebody waits for are told once, before what they carry', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.server(Buffer.from('four'));
    c.client(Buffer.from('a'));
    c.server(Buffer.from('eight'));
    c.client(Buffer.from('b'));
    c.client(Buffer.from('c'));
    c.rst('client');
    const { told, connection } = watched(builder, 5);
    const second = told.indexOf('data 1', told.indexOf('data 1') + 1);
    const answer = told.findIndex((what) => what.startsWith('1 acknowledged'));
    expect(answer).toBeGreaterThan(second);
    expect(told.filter((what) => what.includes('acknowledged')).length).toBe(1);
    expect(connection.toClient.watchFor).toBe(Infinity);
    expect(connection.toClient.ackedFrame).toBeGreaterThan(0);
    expect(connection.toClient.ackedTime).toBeGreaterThan(0);
    expect(connection.toServer.ackedFrame).toBeGreaterThan(0);
    expect(told.slice(-2)).toEqual([expect.stringMatching(/^rst 0 in /), 'closed']);
  });

  it('that do not reach it are not told', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.server(Buffer.from('four'));
    c.client(Buffer.from('a'));
    const { told, connection } = watched(builder, 5);
    expect(told.filter((what) => what.includes('acknowledged'))).toEqual([]);
    expect(connection.toClient).toMatchObject({ acked: 4, watchFor: 5 });
  });

  it('are nobody’s before there were any', () => {
    const builder = new CaptureBuilder();
    builder.connection(ends).syn();
    const { connection } = watched(builder, 5);
    expect(connection.toClient).toMatchObject({ acked: 0, ackedFrame: -1, ackedTime: -1 });
  });
});
