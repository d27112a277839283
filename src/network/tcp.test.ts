import { describe, expect, it } from 'vitest';
import { CaptureBuilder } from '../testing/captureBuilder.js';
import { readCapture } from '../testing/captureFile.js';
import { eachFrame } from '../testing/frames.js';
import type { Connection, Direction } from './connection.js';
import { Dissector } from './dissector.js';
import type { StreamHandler } from './streamHandler.js';
import { TcpReassembly } from './tcp.js';
import type { TcpOptions } from './tcpLimits.js';

interface Event {
  readonly connection: number;
  readonly what: string;
  readonly frame: number;
}

interface Seen {
  readonly events: Event[];
  readonly connections: Connection[];
  readonly tcp: TcpReassembly;
}

const ARROWS: Record<Direction, string> = { 0: '>', 1: '<' };

/** What a listener is told of a capture. */
function reassemble(builder: CaptureBuilder, options: TcpOptions = {}): Seen {
  const events: Event[] = [];
  const connections: Connection[] = [];
  const tcp = new TcpReassembly(
    {
      server: (a, b) => (a.port === 2181 ? a : b.port === 2181 ? b : null),
      opened: (connection): StreamHandler => {
        connections.push(connection);
        const note = (what: string, frame: number): void => {
          events.push({ connection: connection.id, what, frame });
        };
        return {
          data: ({ direction, bytes, start, end, position, frame }) => {
            note(`${ARROWS[direction]}${position}:${bytes.toString('latin1', start, end)}`, frame);
          },
          gap: (direction, length, position, frame) => {
            note(`${ARROWS[direction]}${position}:gap ${length}`, frame);
          },
          fin: (direction, frame) => {
            note(`${ARROWS[direction]}fin`, frame);
          },
          end: (frame) => {
            note(`end ${connection.end}`, frame);
          },
        };
      },
      closed: () => undefined,
    },
    options,
  );
  const dissector = new Dissector((segment) => {
    tcp.segment(segment);
  });
  let last = 0;
  eachFrame(readCapture(builder.toPcap()), (frame) => {
    last = frame.number;
    dissector.frame(frame);
  });
  tcp.end(last, 0);
  return { events, connections, tcp };
}

const what = ({ events }: Seen, connection = 0): string[] =>
  events.filter((e) => e.connection === connection).map((e) => e.what);
const ends = { client: '10.0.0.1:40000', server: '10.0.0.2:2181' };

describe('a connection', () => {
  it('is told from its SYN to its FINs', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.client(Buffer.from('ask'));
    c.server(Buffer.from('answer'));
    c.close();
    const seen = reassemble(builder);
    expect(what(seen)).toEqual(['>0:ask', '<0:answer', '>fin', '<fin', 'end fin']);
    const [connection] = seen.connections;
    expect(connection).toMatchObject({ midStream: false, rolesKnown: true, end: 'fin', synCount: 1, refused: null });
    expect([connection!.client.text, connection!.server.text]).toEqual([ends.client, ends.server]);
    expect(connection!.toClient).toMatchObject({ delivered: 6, acked: 6, gapBytes: 0, retransmissions: 0 });
  });

  it('whose SYN is answered by RST was refused', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.syn();
    c.rst('server');
    const { connections } = reassemble(builder);
    expect(connections[0]).toMatchObject({ end: 'rst', synAck: null });
    expect(connections[0]!.refused?.frame).toBe(2);
  });

  it('whose SYN is sent again, but not doubled by the capture, counts SYNs', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.syn({ dropped: true });
    builder.wait(1);
    c.retransmit('client', 0, { dropped: true });
    builder.wait(2);
    c.retransmit('client', 0, { dropped: true });
    const { connections } = reassemble(builder);
    expect(connections.length).toBe(1);
    expect(connections[0]).toMatchObject({ synCount: 3, synAck: null, end: 'open' });
  });

  it('on a port pair that was used before is a new one', () => {
    const builder = new CaptureBuilder();
    const first = builder.connection({ ...ends, clientSequence: 1000 });
    first.handshake();
    first.client(Buffer.from('old'));
    const second = builder.connection({ ...ends, clientSequence: 900_000 });
    second.handshake();
    second.client(Buffer.from('new'));
    const seen = reassemble(builder);
    expect(what(seen, 0)).toEqual(['>0:old', 'end replaced']);
    expect(what(seen, 1)).toEqual(['>0:new', 'end open']);
  });

  it('that ends by RST says by whom', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.server(Buffer.from('x'));
    c.rst('client');
    const { connections } = reassemble(builder);
    expect(connections[0]!.end).toBe('rst');
    expect(connections[0]!.toServer.rst).not.toBeNull();
    expect(connections[0]!.toClient.rst).toBeNull();
    expect(connections[0]!.refused).toBeNull();
  });
});

describe('bytes', () => {
  it('that were retransmitted come once, and are counted', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.client(Buffer.from('abc'), { dropped: true });
    builder.wait(0.3);
    c.retransmit('client', 0, { dropped: true });
    builder.wait(0.6);
    c.retransmit('client', 0, { dropped: true });
    const seen = reassemble(builder);
    expect(what(seen)).toEqual(['>0:abc', 'end open']);
    const { toServer } = seen.connections[0]!;
    expect(toServer).toMatchObject({ retransmissions: 2, unackedRetransmissions: 2, acked: 0, duplicates: 0 });
    expect(toServer.firstUnackedRetransmission?.frame).toBe(5);
  });

  it('that the capture missed are a gap once the peer has them', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.client(Buffer.from('abc'));
    c.client(Buffer.from('lost'), { lost: true });
    c.client(Buffer.from('def'));
    builder.wait(1);
    c.server(Buffer.from('ok'));
    const seen = reassemble(builder);
    expect(what(seen)).toEqual(['>0:abc', '>3:gap 4', '>7:def', '<0:ok', 'end open']);
    expect(seen.connections[0]!.toServer.gapBytes).toBe(4);
  });

  it('of which nothing tells that they are missing are no gap', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.client(Buffer.from('abc'));
    c.client(Buffer.from('never arrived'), { lost: true, dropped: true });
    expect(what(reassemble(builder))).toEqual(['>0:abc', 'end open']);
  });

  it('from the middle of a connection begin at position 0, roles by the port', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.server(Buffer.from('answer'));
    c.client(Buffer.from('ask'));
    const seen = reassemble(builder);
    expect(what(seen)).toEqual(['<0:answer', '>0:ask', 'end open']);
    expect(seen.connections[0]).toMatchObject({ midStream: true, rolesKnown: true });
    expect(seen.connections[0]!.server.text).toBe(ends.server);
  });

  it('that wait are bounded: the hole before them is given up', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.client(Buffer.from('lost'), { lost: true, dropped: true });
    for (let i = 0; i < 40; i++) c.client(Buffer.alloc(1000, 0x61), { dropped: true });
    const seen = reassemble(builder, { maxWaitingBytes: 10_000 });
    expect(what(seen)[0]).toBe('>0:gap 4');
    expect(seen.connections[0]!.toServer).toMatchObject({ delivered: 40_004, gapBytes: 4 });
  });
});

describe('facts', () => {
  it('tell keep-alives and zero windows', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.client(Buffer.from('abc'));
    builder.wait(60);
    c.keepAlive('client');
    c.keepAlive('client', 1);
    c.window('server', 0);
    const { connections } = reassemble(builder);
    expect(connections[0]!.toServer).toMatchObject({ keepAlives: 2, retransmissions: 0 });
    expect(connections[0]!.toClient.zeroWindows).toBeGreaterThanOrEqual(1);
  });

  it('tell a FIN that nobody acknowledged, and how often it was repeated', () => {
    const builder = new CaptureBuilder();
    const c = builder.connection(ends);
    c.handshake();
    c.fin('server', { dropped: true });
    builder.wait(0.3);
    c.retransmit('server', 0, { dropped: true });
    builder.wait(0.6);
    c.retransmit('server', 0, { dropped: true });
    const { connections } = reassemble(builder);
    expect(connections[0]!.toClient).toMatchObject({ finRepeats: 2, finAcked: false });
    expect(connections[0]!.end).toBe('open');
  });
});

describe('memory', () => {
  it('that handlers hold is bounded over all connections: those that hold most give it up', () => {
    const builder = new CaptureBuilder();
    for (let i = 0; i < 40; i++)
      builder
        .connection({ client: `10.1.9.${i}:40000`, server: ends.server })
        .handshake()
        .client(Buffer.alloc(100 + i));
    const held: number[] = [];
    let most = 0;
    const tcp = new TcpReassembly(
      {
        server: (a) => a,
        opened: ({ id }): StreamHandler => {
          held[id] = 0;
          return {
            get held(): number {
              return held[id]!;
            },
            giveUp: () => (held[id] = 0),
            data: (chunk) => {
              held[id]! += chunk.length;
              most = Math.max(
                most,
                held.reduce((sum, bytes) => sum + bytes, 0),
              );
            },
            gap: () => undefined,
            fin: () => undefined,
            end: () => undefined,
          };
        },
        closed: () => undefined,
      },
      { maxWaitingTotal: 1000 },
    );
    const dissector = new Dissector((segment) => {
      tcp.segment(segment);
    });
    eachFrame(readCapture(builder.toPcap()), (frame) => {
      dissector.frame(frame);
    });
    expect(most).toBeLessThan(1000 + 140);
    expect(held.filter((bytes) => bytes > 0).length).toBeGreaterThan(2);
  });

  it('is bounded by forgetting the longest silent of many connections, and says so', () => {
    const builder = new CaptureBuilder();
    for (let i = 0; i < 300; i++)
      builder.connection({ client: `10.1.${i >> 8}.${i & 255}:40000`, server: ends.server }).syn();
    const { tcp, connections } = reassemble(builder, { maxConnections: 100 });
    expect(tcp.count).toBe(300);
    expect(tcp.forgotten).toBeGreaterThanOrEqual(200);
    expect(connections[0]!.end).toBe('forgotten');
    expect(connections[299]!.end).toBe('open');
  });

  it('is not taken from connections that work by a flood of others that carry nothing', () => {
    const builder = new CaptureBuilder();
    for (let i = 0; i < 10; i++)
      builder
        .connection({ client: `10.1.9.${i}:40000`, server: ends.server })
        .handshake()
        .client('abcd');
    for (let i = 0; i < 300; i++)
      builder.connection({ client: `10.1.${i >> 8}.${i & 255}:40000`, server: ends.server }).syn();
    const { tcp, connections } = reassemble(builder, { maxConnections: 100 });
    expect(tcp.forgotten).toBeGreaterThanOrEqual(200);
    expect(connections.slice(0, 10).map(({ end }) => end)).toEqual(new Array(10).fill('open'));
  });
});
