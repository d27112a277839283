import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER, type Direction } from '../../../network/connection.js';
import { StreamChunk } from '../../../network/streamChunk.js';
import { Http1Connection, type Http1Handler } from './connection.js';
import type { Http1Message } from './message.js';

interface Seen {
  readonly log: string[];
  readonly messages: Http1Message[];
  skipped: number;
}

/** Feeds segments, `>` to the server and `<` to the client; a number is a gap of so many bytes. */
function run(segments: [string, string | number][], options: { aligned?: boolean; piece?: number } = {}): Seen {
  const seen: Seen = { log: [], messages: [], skipped: 0 };
  const handler: Http1Handler<string> = {
    keepBody: () => 16,
    bodyReader: () => null,
    request(exchange, message) {
      exchange.context = message.head.target;
      seen.messages.push(message);
      seen.log.push(
        `${message.head.method} ${message.head.target} ${message.bodyLength}${message.truncated ? ' cut' : ''}`,
      );
    },
    responseHead: (exchange) => {
      if (exchange?.request.target !== '/endless') return false;
      seen.log.push('endless');
      return true;
    },
    response(exchange, message) {
      seen.messages.push(message);
      const asked = exchange === null ? '?' : exchange.request.target;
      seen.log.push(
        `${message.head.status} ${asked} ${message.bodyLength}${message.truncated ? ' cut' : ''} ${message.body.toString('latin1')}`.trim(),
      );
    },
    headlessChunks: () => seen.log.push('chunks'),
    skipped: (_direction, bytes) => (seen.skipped += bytes),
  };
  const http = new Http1Connection(handler, options.aligned ?? true);
  const positions: [number, number] = [0, 0];
  let frame = 0;
  for (const [way, what] of segments) {
    const direction: Direction = way === '>' ? TO_SERVER : TO_CLIENT;
    if (what === 'fin') http.fin(direction);
    else if (typeof what === 'number') {
      frame++;
      http.gap(direction, what, positions[direction], frame, frame);
      positions[direction] += what;
    } else {
      const all = Buffer.from(what, 'latin1');
      const piece = options.piece ?? all.length;
      for (let at = 0; at < all.length; at += piece) {
        frame++;
        const part = Buffer.concat([Buffer.from('GET '), all.subarray(at, at + piece), Buffer.from('\r\n\r\n')]);
        http.data(new StreamChunk().set(direction, part, 4, part.length - 4, positions[direction], frame, frame));
        positions[direction] += Math.min(piece, all.length - at);
      }
    }
  }
  http.end();
  return seen;
}

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (target: string, body: string): string =>
  `POST ${target} HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const ok = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('HTTP/1 connection', () => {
  it('pairs requests and responses on a kept connection, whatever the segments', () => {
    const conversation: [string, string][] = [
      ['>', post('/a', 'hello')],
      ['<', ok('x')],
      ['>', get('/b')],
      ['<', ok('')],
    ];
    for (let piece = 1; piece <= 40; piece++) {
      expect(run(conversation, { piece }).log).toEqual(['POST /a 5', '200 /a 1 x', 'GET /b 0', '200 /b 0']);
    }
  });

  it('answers pipelined requests in order', () => {
    const seen = run([
      ['>', get('/a') + post('/b', '12') + get('/c')],
      ['<', ok('a') + ok('b')],
      ['<', ok('c')],
    ]);
    expect(seen.log).toEqual(['GET /a 0', 'POST /b 2', 'GET /c 0', '200 /a 1 a', '200 /b 1 b', '200 /c 1 c']);
  });

  it('frames bodies by method and status as well as by fields', () => {
    const seen = run([
      ['>', 'HEAD /a HTTP/1.1\r\n\r\n'],
      ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
      ['>', get('/b')],
      ['<', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['>', get('/c')],
      ['<', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'],
      ['>', get('/d')],
      ['<', `HTTP/1.1 100 Continue\r\n\r\n${ok('d')}`],
    ]);
    expect(seen.log.filter((line) => !line.startsWith('GET') && !line.startsWith('HEAD'))).toEqual([
      '200 /a 0',
      '204 /b 0',
      '304 /c 0',
      '200 /d 1 d',
    ]);
  });

  it('takes the coding off chunked bodies, with extensions and trailers', () => {
    const chunked =
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;name=v\r\nhello\r\n6\r\n world\r\n0\r\nX: y\r\n\r\n';
    for (const piece of [1, 2, 3, 7, 200]) {
      const seen = run(
        [
          ['>', get('/a')],
          ['<', chunked + ok('next')],
        ],
        { piece },
      );
      expect(seen.log).toEqual(['GET /a 0', '200 /a 11 hello world', '200 ? 4 next']);
    }
  });

  it('reports an endless response at its head and goes on counting nothing of it', () => {
    const seen = run([
      ['>', get('/endless')],
      ['<', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'],
      ['<', '3\r\nabc\r\n'],
      ['<', '3\r\nabc\r\n'],
      ['<', 'fin'],
    ]);
    expect(seen.log).toEqual(['GET /endless 0', 'endless']);
  });

  it('reads a body without a length until the connection ends', () => {
    const seen = run([
      ['>', get('/a')],
      ['<', 'HTTP/1.0 200 OK\r\n\r\nabc'],
      ['<', 'def'],
      ['<', 'fin'],
    ]);
    expect(seen.log).toEqual(['GET /a 0', '200 /a 6 abcdef']);
    expect(run([['<', 'HTTP/1.0 200 OK\r\n\r\nabc']]).log).toEqual(['200 ? 3 cut abc']);
  });

  it('keeps no more of a body than was asked for', () => {
    const seen = run([['>', post('/a', 'b'.repeat(100_000))]]);
    expect(seen.log).toEqual(['POST /a 100000']);
    expect(seen.messages[0]!.body.length).toBe(16);
  });

  it('says where a message began and where it was complete', () => {
    const text = post('/a', 'hello');
    const { messages } = run([
      ['>', text.slice(0, 10)],
      ['>', text.slice(10, -2)],
      ['>', text.slice(-2)],
    ]);
    expect(messages[0]).toMatchObject({ firstFrame: 1, frame: 3, streamEnd: text.length, truncated: false });
  });

  it('leaves a connection alone that turns to another protocol', () => {
    const seen = run([
      ['>', get('/a')],
      ['<', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
      ['>', 'GET / HTTP/1.1\r\n\r\n'],
      ['<', ok('x')],
    ]);
    expect(seen.log).toEqual(['GET /a 0', '101 /a 0']);
  });
});

describe('HTTP/1 after a loss', () => {
  it('stays aligned when the missing bytes lie within a body', () => {
    const seen = run([
      ['>', 'POST /a HTTP/1.1\r\nContent-Length: 10\r\n\r\nab'],
      ['>', 6],
      ['>', `cd${get('/b')}`],
    ]);
    expect(seen.log).toEqual(['POST /a 10 cut', 'GET /b 0']);
    expect(seen.messages[0]!.body.toString()).toBe('ab');
    expect(seen.skipped).toBe(0);
  });

  it('stays aligned within a chunk', () => {
    const seen = run([
      ['>', get('/a')],
      ['<', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab'],
      ['<', 6],
      ['<', '\r\n0\r\n\r\n'],
    ]);
    expect(seen.log).toEqual(['GET /a 0', '200 /a 8 cut ab']);
  });

  it('names a request of which only the start was captured, and finds the next', () => {
    const seen = run([
      ['>', 'POST /leases HTTP/1.1\r\nHost: a\r\nContent-Le'],
      ['>', 20],
      ['>', post('/b', 'x')],
    ]);
    expect(seen.log).toEqual(['POST /leases 0 cut', 'POST /b 1']);
  });

  it('finds the next start line in the middle of a segment, and counts what it passed over', () => {
    const seen = run([
      ['<', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na'],
      ['<', 50],
      ['<', `garbage\r\nmore${ok('b')}`],
    ]);
    expect(seen.log).toEqual(['200 ? 1 cut a', '200 ? 1 b']);
    expect(seen.skipped).toBe(13);
  });

  it('gives a response after lost responses to the request that must have asked for it', () => {
    const seen = run([
      ['>', get('/a')],
      ['<', 100],
      ['>', get('/b')],
      ['<', ok('b')],
    ]);
    expect(seen.log).toEqual(['GET /a 0', 'GET /b 0', '200 /b 1 b']);
  });

  it('gives it to nobody where the client pipelines', () => {
    const seen = run([
      ['>', get('/a') + get('/b') + get('/c')],
      ['<', ok('a')],
      ['<', 100],
      ['<', ok('?')],
    ]);
    expect(seen.log.at(-1)).toBe('200 ? 1 ?');
  });
});

describe('HTTP/1 from the middle', () => {
  it('skips to the first start line, even one that is cut in two', () => {
    const text = `tail of a body\r\n${get('/a')}`;
    for (let cut = 1; cut < text.length; cut++) {
      const seen = run(
        [
          ['>', text.slice(0, cut)],
          ['>', text.slice(cut)],
        ],
        { aligned: false },
      );
      expect(seen.log, `cut at ${cut}`).toEqual(['GET /a 0']);
      expect(seen.skipped).toBe(16);
    }
  });

  it('gives the first response to no request that came after it', () => {
    const seen = run(
      [
        ['<', ok('old')],
        ['>', get('/a')],
        ['<', ok('a')],
      ],
      { aligned: false },
    );
    expect(seen.log).toEqual(['200 ? 3 old', 'GET /a 0', '200 /a 1 a']);
  });

  it('recognises the chunks of a response that began before the capture, once', () => {
    const seen = run(
      [
        ['<', 'rest of a chunk\r\n'],
        ['<', '3\r\n\0\0\r\r\n'],
        ['<', '1\r\na\r\n2\r\nbb\r\n'],
        ['<', `0\r\n\r\n${ok('a')}`],
      ],
      { aligned: false },
    );
    expect(seen.log).toEqual(['chunks', '200 ? 1 a']);
    expect(seen.skipped).toBe(17);
  });
});

describe('HTTP/1 and what is none', () => {
  it('gives up what cannot be a head at its first bytes and buffers no stranger', () => {
    const seen = run([['<', `${'\x00'.repeat(300)}\r\n\r\n`]]);
    expect(seen.log).toEqual([]);
    expect(seen.skipped).toBe(304);
  });

  it('refuses contradicting lengths, field lines without a name, and heads without end', () => {
    expect(run([['>', 'POST /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n']]).log).toEqual([]);
    expect(run([['>', 'POST /a HTTP/1.1\r\n: x\r\n\r\n']]).log).toEqual([]);
    expect(run([['>', `POST /a HTTP/1.1\r\nX: ${'y'.repeat(200_000)}\r\n\r\n`]]).log).toEqual([]);
    expect(run([['>', `POST /a HTTP/1.1\r\nContent-Length: -1\r\n\r\n${get('/b')}`]]).log).toEqual(['GET /b 0']);
  });

  it('survives any bytes in any pieces and accounts for every one of them at most once', () => {
    const fragment = fc.oneof(
      fc.constantFrom(
        get('/a'),
        post('/b', 'xyz'),
        ok('abc'),
        '5\r\nhello\r\n',
        'HTTP/1.1 200',
        'GET ',
        '\r\n',
        'ffffffffff\r\n',
      ),
      fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text).toString('latin1')),
    );
    const segment = fc.tuple(fc.constantFrom('>', '<'), fc.oneof(fragment, fc.nat(300)));
    fc.assert(
      fc.property(
        fc.array(segment, { maxLength: 30 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 50 }),
        (all, aligned, piece) => {
          const seen = run(all, { aligned, piece });
          const bytes = all.reduce((sum, [, what]) => sum + (typeof what === 'number' ? 0 : what.length), 0);
          expect(seen.skipped).toBeLessThanOrEqual(bytes);
        },
      ),
      { numRuns: 300 },
    );
  });
});
