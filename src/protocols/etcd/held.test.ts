import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER, type Connection } from '../../network/connection.js';
import { DecoderRun } from '../../testing/decoderRun.js';
import { grpcMessage, headerBlock, http2Frame } from '../../testing/http2Frames.js';
import type { ConnectionDecoder } from '../protocol.js';
import { FrameType, PREFACE } from '../transport/http2/frames.js';
import { EtcdDecoder } from './decoder.js';

const SETTINGS = http2Frame(FrameType.SETTINGS, 0, 0);
const END_HEADERS = 0x04;
/** What a decoder may keep that has given up all it can. */
const LITTLE = 2000;

function start(): { run: DecoderRun; decoder: ConnectionDecoder } {
  let decoder: ConnectionDecoder | null = null;
  const run = new DecoderRun(
    (connection: Connection, sink) => {
      decoder = new EtcdDecoder(connection, sink);
      return decoder;
    },
    { port: 2379 },
  );
  return { run, decoder: decoder! };
}

const call = (id: number, path: string): Buffer =>
  http2Frame(FrameType.HEADERS, END_HEADERS, id, headerBlock({ ':method': 'POST', ':path': path }));
const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe('what etcd’s transports hold', () => {
  it('is told, and given up where there is too much of it', () => {
    const cases: Record<string, (run: DecoderRun) => void> = {
      'a head without an end': (run) => run.client(`GET /${'a'.repeat(50_000)}`),
      'requests that nobody answers': (run) => {
        for (let i = 0; i < 100; i++) run.client(get(`/${'b'.repeat(1000)}`));
      },
      'a body that is kept': (run) =>
        run.client(`POST /leases HTTP/1.1\r\nContent-Length: 60000\r\n\r\n${'c'.repeat(50_000)}`),
      'a header block without an end': (run) =>
        run.client(Buffer.concat([PREFACE, SETTINGS, http2Frame(FrameType.HEADERS, 0, 1, Buffer.alloc(50_000))])),
      'a frame without an end': (run) =>
        run.client(
          Buffer.concat([
            PREFACE,
            SETTINGS,
            http2Frame(FrameType.HEADERS, 0, 1, Buffer.alloc(60_000)).subarray(0, 50_000),
          ]),
        ),
      'calls without an end': (run) => {
        run.client(Buffer.concat([PREFACE, SETTINGS]));
        for (let i = 0; i < 50; i++) run.client(call(2 * i + 1, `/etcdserverpb.KV/${'P'.repeat(90)}`));
      },
      'a message without an end': (run) => {
        run.client(Buffer.concat([PREFACE, SETTINGS, call(1, '/etcdserverpb.KV/Put')]));
        const message = grpcMessage('00'.repeat(60_000));
        for (let at = 0; at < 50_000; at += 10_000)
          run.client(http2Frame(FrameType.DATA, 0, 1, message.subarray(at, at + 10_000)));
      },
      'renewals that nobody answers, over HTTP/2': (run) => {
        run.client(Buffer.concat([PREFACE, SETTINGS, call(1, '/v3/lease/keepalive')]));
        for (let i = 1; i < 50; i++) run.client(http2Frame(FrameType.DATA, 0, 1, Buffer.from(`{"ID":"${i}"}`)));
      },
      'renewals that nobody answers, over HTTP/1': (run) => {
        run.client('POST /v3/lease/keepalive HTTP/1.1\r\nContent-Length: 9000\r\n\r\n');
        for (let i = 1; i < 50; i++) run.client(`{"ID":"${i}"}`);
      },
      'a table of headers': (run) => {
        run.client(Buffer.concat([PREFACE, SETTINGS]));
        // Literals with incremental indexing, each of a name of its own.
        for (let i = 0; i < 40; i++) {
          const name = Buffer.from(`x-header-${i}`.padEnd(50));
          const field = Buffer.concat([
            Buffer.from([0x40, name.length]),
            name,
            Buffer.from([100]),
            Buffer.alloc(100, 97),
          ]);
          run.client(http2Frame(FrameType.HEADERS, END_HEADERS, 1, field));
        }
      },
    };
    for (const [name, speak] of Object.entries(cases)) {
      const { run, decoder } = start();
      speak(run);
      expect(decoder.held, name).toBeGreaterThan(3000);
      decoder.giveUp!();
      expect(decoder.held, name).toBeLessThanOrEqual(LITTLE);
    }
  });

  it('goes on behind what it gave up', () => {
    const { run, decoder } = start();
    for (let i = 0; i < 10; i++) run.client(get('/version'));
    decoder.giveUp!();
    run.client(get('/health')).server('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok').end();
    // Which of the eleven requests is answered nobody knows any more.
    expect(run.ops().slice(-2)).toEqual(['request GET /health', 'response null']);

    const http2 = start();
    http2.run.client(Buffer.concat([PREFACE, SETTINGS, call(1, '/etcdserverpb.KV/Put')]));
    http2.decoder.giveUp!();
    http2.run
      .client(call(3, '/etcdserverpb.Lease/LeaseKeepAlive'))
      .client(http2Frame(FrameType.DATA, 0, 3, grpcMessage('0801')))
      .end();
    expect(http2.run.ops().at(-1)).toBe('request LeaseKeepAlive');
  });

  it('is counted right whatever comes: nothing is left when all was given up', () => {
    const piece = fc.oneof(
      fc.constantFrom(PREFACE, SETTINGS, call(1, '/etcdserverpb.KV/Put'), call(3, '/v3/lease/keepalive')),
      fc
        .constantFrom(
          'POST /leases HTTP/1.1\r\nContent-Length: 9\r\n\r\n',
          'POST /v3/lease/keepalive HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{}{}\r\n',
          get('/version'),
          'HTTP/1.1 200 OK\r\n\r\n',
        )
        .map((text) => Buffer.from(text)),
      fc
        .record({
          id: fc.constantFrom(1, 3, 5),
          flags: fc.constantFrom(0, 1),
          hex: fc.constantFrom('0801', '00'.repeat(300)),
        })
        .map(({ id, flags, hex }) => http2Frame(FrameType.DATA, flags, id, grpcMessage(hex))),
      fc.constantFrom(0, 1).map((flags) => http2Frame(FrameType.DATA, flags, 3, Buffer.from('{"ID":"1"}{"ID":'))),
      fc.uint8Array({ minLength: 1, maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    );
    const step = fc.record({
      direction: fc.constantFrom(TO_SERVER, TO_CLIENT),
      bytes: piece,
      cut: fc.option(fc.nat(20)),
      lost: fc.boolean(),
      giveUp: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.boolean(), (steps, http2) => {
        const { run, decoder } = start();
        if (http2) run.client(Buffer.concat([PREFACE, SETTINGS]));
        for (const { direction, bytes, cut, lost, giveUp } of steps) {
          const sent = cut === null ? bytes : bytes.subarray(0, Math.max(1, bytes.length - cut));
          if (lost) run.lose(direction, sent.length);
          else run.segment(direction, sent);
          expect(decoder.held).toBeGreaterThanOrEqual(0);
          if (giveUp) {
            decoder.giveUp!();
            expect(decoder.held).toBeLessThanOrEqual(LITTLE);
          }
        }
        decoder.giveUp!();
        expect(decoder.held).toBeLessThanOrEqual(LITTLE);
      }),
      { numRuns: 300 },
    );
  });
});
