import { once } from 'node:events';
import http2 from 'node:http2';
import type net from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER, type Direction } from '../../../network/connection.js';
import { StreamChunk } from '../../../network/streamChunk.js';
import { Relay } from '../../../testing/relay.js';
import { Http2Connection, type Http2Handler } from './connection.js';
import { FrameType, PREFACE } from './frames.js';

interface Segment {
  readonly direction: Direction;
  readonly bytes: Buffer;
}

class Log implements Http2Handler {
  readonly lines: string[] = [];
  readonly data = new Map<string, number>();
  skippedBytes = 0;

  headers(...[direction, id, block, endStream]: Parameters<Http2Handler['headers']>): void {
    const fields = block?.fields.map(({ name, value }) => `${name}=${value}`).join(' ') ?? 'unreadable';
    this.lines.push(`${arrow(direction)} ${id} ${fields}${endStream ? ' END' : ''}`);
  }
  dataStart(): void {
    // Lengths are counted below.
  }
  dataBytes(...[direction, id, , start, end]: Parameters<Http2Handler['dataBytes']>): void {
    const key = `${arrow(direction)} ${id}`;
    this.data.set(key, (this.data.get(key) ?? 0) + end - start);
  }
  dataGap(...[direction, id, length]: Parameters<Http2Handler['dataGap']>): void {
    this.lines.push(`${arrow(direction)} ${id} gap ${length}`);
  }
  dataEnd(...[direction, id, endStream]: Parameters<Http2Handler['dataEnd']>): void {
    if (endStream) this.lines.push(`${arrow(direction)} ${id} END`);
  }
  reset(...[direction, id, code]: Parameters<Http2Handler['reset']>): void {
    this.lines.push(`${arrow(direction)} ${id} reset ${code}`);
  }
  goaway(...[direction, last, code, debug]: Parameters<Http2Handler['goaway']>): void {
    this.lines.push(`${arrow(direction)} goaway ${last} ${code} ${debug}`);
  }
  lost(direction: Direction): void {
    this.lines.push(`${arrow(direction)} lost`);
  }
  skipped(_direction: Direction, bytes: number): void {
    this.skippedBytes += bytes;
  }
}

function arrow(direction: Direction): string {
  return direction === TO_SERVER ? '>' : '<';
}

function run(segments: readonly Segment[], aligned = true, piece = Infinity): Log {
  const log = new Log();
  const connection = new Http2Connection(log, aligned);
  const positions: [number, number] = [0, 0];
  let frame = 0;
  for (const { direction, bytes } of segments) {
    for (let at = 0; at < bytes.length; at += piece) {
      const end = Math.min(bytes.length, at + piece);
      connection.data(new StreamChunk().set(direction, bytes, at, end, positions[direction], ++frame, frame));
      positions[direction] += end - at;
    }
  }
  connection.end();
  return log;
}

function frame(type: number, flags: number, id: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload;
  const header = Buffer.alloc(9);
  header.writeUIntBE(body.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, body]);
}

const SETTINGS = frame(FrameType.SETTINGS, 0, 0);
const start = (...frames: Buffer[]): Segment => ({
  direction: TO_SERVER,
  bytes: Buffer.concat([PREFACE, SETTINGS, ...frames]),
});
const toServer = (...frames: Buffer[]): Segment => ({ direction: TO_SERVER, bytes: Buffer.concat(frames) });

/** A conversation between Node's own HTTP/2 client and server, recorded byte for byte by a relay between them. */
async function recordNode(): Promise<Segment[]> {
  const server = http2.createServer({ settings: { headerTableSize: 8192 } });
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200, 'x-echo': headers['x-value'] ?? '', trailer: 'x' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => {
      stream.sendTrailers({ 'grpc-status': '0' });
    });
    stream.end('y'.repeat(Number(headers['x-size'] ?? 0)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as net.AddressInfo;
  const relay = new Relay(port);
  const session = http2.connect(`http://127.0.0.1:${await relay.listen()}`);
  for (let index = 0; index < 20; index++) {
    const request = session.request({
      ':path': `/call/${index % 3}`,
      ':method': 'POST',
      'x-value': `${index}-${'é~z'.repeat(index * 30)}`,
      'x-size': String(index * 1000),
    });
    request.end('x'.repeat(index * 700));
    request.resume();
    await once(request, 'close');
  }
  session.close();
  await once(session, 'close');
  await Promise.all([new Promise((done) => server.close(done)), relay.close()]);
  return relay.segments.flatMap(({ direction, bytes }) => (bytes === null ? [] : [{ direction, bytes }]));
}

describe('HTTP/2 as Node speaks it', () => {
  it('reads every header field and counts every byte of data, in pieces of any size', async () => {
    const segments = await recordNode();
    const log = run(segments);
    const asked = log.lines.filter((line) => line.includes(':path='));
    const answered = log.lines.filter((line) => line.includes(':status=200'));
    expect(asked).toHaveLength(20);
    expect(answered).toHaveLength(20);
    for (let index = 0; index < 20; index++) {
      const id = index * 2 + 1;
      const value = Buffer.from(`${index}-${'é~z'.repeat(index * 30)}`, 'latin1').toString('latin1');
      expect(asked[index]).toContain(`> ${id} `);
      expect(asked[index]).toContain(`:path=/call/${index % 3} `);
      expect(asked[index]).toContain(`x-value=${value} `);
      expect(answered[index]).toContain(`x-echo=${value}`);
      expect(log.lines).toContain(`< ${id} grpc-status=0 END`);
      expect(log.data.get(`> ${id}`) ?? 0).toBe(index * 700);
      expect(log.data.get(`< ${id}`) ?? 0).toBe(index * 1000);
    }
    expect(log.skippedBytes).toBe(0);
    for (const piece of [1, 5, 9, 10, 1000]) expect(run(segments, true, piece).lines).toEqual(log.lines);
  });
});

describe('HTTP/2 frames', () => {
  it('joins a header block from HEADERS with padding and priority and from CONTINUATION', () => {
    const log = run([
      start(
        frame(FrameType.HEADERS, 0x09 | 0x20, 1, '02 0000000000 82 84'.replaceAll(' ', '') + '0000'),
        frame(FrameType.CONTINUATION, 0, 1, '40016101'),
        frame(FrameType.CONTINUATION, 0x04, 1, '62'),
      ),
    ]);
    expect(log.lines).toEqual(['> 1 :method=GET :path=/ a=b END']);
  });

  it('leaves padding out of the data', () => {
    const log = run([start(frame(FrameType.DATA, 0x09, 1, `03aabb000000`), frame(FrameType.DATA, 0x01, 3))]);
    expect(log.data.get('> 1')).toBe(2);
    expect(log.lines).toEqual(['> 1 END', '> 3 END']);
  });

  it('tells of RST_STREAM and GOAWAY, and reads past frames of unknown types', () => {
    const log = run([
      start(
        frame(0xbe, 0xff, 0x12345, 'aabbcc'),
        frame(FrameType.RST_STREAM, 0, 5, '00000008'),
        frame(FrameType.GOAWAY, 0, 0, `000000070000000b${Buffer.from('too_many_pings').toString('hex')}`),
      ),
    ]);
    expect(log.lines).toEqual(['> 5 reset 8', '> goaway 7 11 too_many_pings']);
  });

  it('drops a header block that is too long, and no longer trusts the table', () => {
    const flood = Array.from({ length: 5 }, () => frame(FrameType.CONTINUATION, 0, 3, Buffer.alloc(16_384, 0x82)));
    const log = run([
      start(
        frame(FrameType.HEADERS, 0x04, 1, '4001610162'),
        frame(FrameType.HEADERS, 0, 3, '82'),
        ...flood,
        frame(FrameType.CONTINUATION, 0x04, 3, '82'),
        frame(FrameType.HEADERS, 0x04, 5, 'be82'),
      ),
    ]);
    expect(log.lines).toEqual(['> 1 a=b', '> 3 unreadable', '> 5 :method=GET']);
  });

  it('is lost where no frame can stand, and finds itself again at the start of a segment', () => {
    const log = run([
      start(),
      toServer(frame(FrameType.PING, 0, 7, '00')),
      toServer(frame(FrameType.RST_STREAM, 0, 9, '00000000')),
    ]);
    expect(log.lines).toEqual(['> lost', '> 9 reset 0']);
    expect(log.skippedBytes).toBe(10);
  });
});

describe('HTTP/2 after a loss and from the middle', () => {
  it('stays aligned when the missing bytes lie within one payload', () => {
    const log = new Log();
    const connection = new Http2Connection(log, true);
    const data = frame(FrameType.DATA, 1, 1, Buffer.alloc(100));
    const first = Buffer.concat([PREFACE, data.subarray(0, 49)]);
    connection.data(new StreamChunk().set(TO_SERVER, first, 0, first.length, 0, 1, 1));
    connection.gap(TO_SERVER, 50, first.length, 2, 2);
    const rest = Buffer.concat([data.subarray(99), frame(FrameType.HEADERS, 4, 3, '82')]);
    connection.data(new StreamChunk().set(TO_SERVER, rest, 0, rest.length, first.length + 50, 3, 3));
    expect(log.lines).toEqual(['> 1 gap 50', '> 1 END', '> 3 :method=GET']);
    expect(log.data.get('> 1')).toBe(50);
  });

  it('begins at a segment that consists of frames', () => {
    const ping = frame(FrameType.PING, 0, 0, '02041010090e0707');
    const log = run(
      [
        toServer(Buffer.from('tail of a payload')),
        toServer(frame(FrameType.WINDOW_UPDATE, 0, 0, '00000024'), ping, frame(FrameType.DATA, 0, 7, '00')),
      ],
      false,
    );
    expect(log.data.get('> 7')).toBe(1);
    expect(log.skippedBytes).toBe(17);
  });

  it('survives any bytes in any pieces', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        PREFACE,
        SETTINGS,
        frame(FrameType.HEADERS, 4, 1, '82'),
        frame(FrameType.HEADERS, 0, 1, '82'),
        frame(FrameType.DATA, 8, 1, '05aabbcc'),
        frame(FrameType.DATA, 0, 3, '0000000002'),
      ),
      fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom<Direction>(TO_SERVER, TO_CLIENT), fc.oneof(piece, fc.nat(200))), {
          maxLength: 25,
        }),
        fc.boolean(),
        (steps, aligned) => {
          const connection = new Http2Connection(new Log(), aligned);
          let at = 0;
          for (const [direction, what] of steps) {
            if (typeof what === 'number') connection.gap(direction, what, (at += what), at, at);
            else connection.data(new StreamChunk().set(direction, what, 0, what.length, (at += what.length), at, at));
          }
          connection.end();
        },
      ),
      { numRuns: 300 },
    );
  });
});
