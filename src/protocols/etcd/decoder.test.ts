import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TO_CLIENT, TO_SERVER } from '../../network/connection.js';
import { DecoderRun, type DecoderRunOptions } from '../../testing/decoderRun.js';
import { grpcMessage, headerBlock, http2Frame } from '../../testing/http2Frames.js';
import { FrameType, PREFACE } from '../transport/http2/frames.js';
import { etcd } from './index.js';
import { EtcdMessage } from './message.js';
import { streamChunk } from '../../testing/streamChunks.js';

const protocol = etcd();
const start = (options?: DecoderRunOptions): DecoderRun =>
  new DecoderRun((connection, sink) => protocol.open(connection, sink), options);
const messagesOf = (run: DecoderRun): EtcdMessage[] => run.messages.filter((m) => m instanceof EtcdMessage);
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

const renewal = (id: string): string => {
  const body = hex(`08${id}`).toString('latin1');
  return `POST /leases HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nContent-Type: application/protobuf\r\n\r\n${body}`;
};
const answer = (body: string, status = '200 OK'): string => {
  const bytes = hex(body).toString('latin1');
  return `HTTP/1.1 ${status}\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes}`;
};

const ALL = 0x04;
const END = 0x01;
const headers = (id: number, flags: number, fields: Record<string, string>): Buffer =>
  http2Frame(FrameType.HEADERS, ALL | flags, id, headerBlock(fields));
const data = (id: number, flags: number, body: string): Buffer =>
  http2Frame(FrameType.DATA, flags, id, grpcMessage(body));
const call = (id: number, path: string): Buffer => headers(id, 0, { ':method': 'POST', ':path': path });
const settings = http2Frame(FrameType.SETTINGS, 0, 0);
const keepAlive = '/etcdserverpb.Lease/LeaseKeepAlive';

function grpc(options?: DecoderRunOptions): DecoderRun {
  return start({ port: 2379, ...options })
    .client(Buffer.concat([PREFACE, settings]))
    .server(settings);
}

describe('which transport a connection speaks', () => {
  it('is told by the first bytes, however they are cut', () => {
    for (const pieces of [1, 2, 5, 100]) {
      expect(start({ pieces }).client(renewal('9221')).server(answer('10922118 3c')).end().ops()).toEqual([
        'request LeaseKeepAlive',
        'response LeaseKeepAlive',
      ]);
      expect(
        grpc({ pieces })
          .client(call(1, '/etcdserverpb.KV/Put'))
          .client(data(1, END, '0a0161'))
          .end()
          .ops(),
      ).toEqual(['request KV/Put']);
    }
  });

  it('is HTTP/2 where the server speaks first', () => {
    const run = start({ port: 2379 })
      .server(settings)
      .client(Buffer.concat([PREFACE, settings, call(1, keepAlive), data(1, 0, '089221')]));
    expect(run.end().ops()).toEqual(['request LeaseKeepAlive']);
  });

  it('is none of them: the bytes are counted, once for each direction', () => {
    const run = start().client('SSH-2.0-x\r\n').server('SSH-2.0-y\r\n').client('more').end();
    expect(run.messages).toEqual([]);
    expect(run.connection.foreign).toBe('SSH');
    expect(run.gaps.map((gap) => [gap.direction, gap.bytes, gap.reason, gap.frame])).toEqual([
      [TO_SERVER, 15, 'foreign', 1],
      [TO_CLIENT, 11, 'foreign', 2],
    ]);
    const unknown = start().client(hex('0000000400000001')).end();
    expect([unknown.connection.foreign, unknown.gapBytes('foreign')]).toEqual(['unknown', 8]);
  });

  it('is found from the middle by the first segment that has a shape', () => {
    const mid = { midStream: true };
    const gr = start({ ...mid, port: 2379 })
      .client('\xaa\xbb\xcc')
      .client(data(1, 0, '089221'))
      .end();
    expect(gr.records()).toMatchObject([{ leaseId: '4242', guessed: true }]);
    expect(gr.gapBytes('skipped')).toBe(3);
    expect(start(mid).client(renewal('9221')).end().ops()).toEqual(['request LeaseKeepAlive']);
    expect(start(mid).server('3\r\nabc\r\n').server('1\r\na\r\n').end().ops()).toEqual(['message GET /raft/stream']);
    expect(start(mid).server(hex('1703030003aabbcc')).end().messages).toEqual([]);
  });
});

describe('HTTP/1.1 between members', () => {
  it('tells a renewal from what only looks like one', () => {
    const run = start()
      .client(renewal('9221'))
      .server(answer('109221183c'))
      .client('POST /leases/internal HTTP/1.1\r\nContent-Length: 5\r\n\r\n\x0a\x03\x08\x92\x21')
      .server(answer('0a0710922118072009'))
      .client('GET /version HTTP/1.1\r\n\r\n')
      .server(answer('7b7d'))
      .client('GET /nobody/knows?x=1 HTTP/1.1\r\n\r\n')
      .server('HTTP/1.1 404 Not Found\r\nContent-Length: 15\r\n\r\n404 page not fo')
      .end();
    expect(run.ops()).toEqual([
      'request LeaseKeepAlive',
      'response LeaseKeepAlive',
      'request LeaseTimeToLive',
      'response LeaseTimeToLive',
      'request GET /version',
      'response GET /version',
      'request GET',
      'response GET',
    ]);
    expect(run.records()[0]).toEqual({
      transport: 'http',
      method: 'POST',
      path: '/leases',
      leaseId: '4242',
      leaseHex: '0x1092',
      length: 3,
    });
    expect(run.records()[1]).toMatchObject({ status: 200, leaseId: '4242', ttl: 60, latency: 0.001 });
    expect(run.records()[7]).toMatchObject({ status: 404, error: '404 page not fo', path: '/nobody/knows?x=1' });
  });

  it('gives the text of an error', () => {
    const run = start()
      .client(renewal('9221'))
      .server(answer('6c65617365206e6f7420666f756e640a', '404 Not Found'))
      .end();
    expect(run.records()[1]).toMatchObject({ status: 404, error: 'lease not found' });
    expect(run.records()[1]).not.toHaveProperty('leaseId');
  });

  it('reports an endless raft stream at its head, and reads nothing into its chunks', () => {
    const run = start()
      .client('GET /raft/stream/msgapp/678f8294978dfd14 HTTP/1.1\r\nHost: a\r\n\r\n')
      .server('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      .server(`24\r\n${'POST /leases HTTP/1.1\r\n\r\n'.padEnd(0x24, '.')}\r\n`)
      .end();
    expect(run.ops()).toEqual(['request GET /raft/stream/msgapp', 'response GET /raft/stream/msgapp']);
    expect(run.gaps).toEqual([]);
  });

  it('counts a renewal whose body was cut off by the snap length, and takes the id from the answer', () => {
    const whole = renewal('9221');
    const run = start()
      .client(whole.slice(0, 60))
      .lose(TO_SERVER, whole.length - 60)
      .server(answer('109221183c'))
      .end();
    const [request, response] = messagesOf(run);
    expect(request).toMatchObject({ op: 'LeaseKeepAlive', truncated: true });
    expect(request!.leaseId).toBeNull();
    expect(response).toMatchObject({ op: 'LeaseKeepAlive', truncated: false });
    expect(response!.leaseId?.decimal).toBe('4242');
    expect(run.gapBytes('missing')).toBe(whole.length - 60);
  });
});

describe('gRPC of clients', () => {
  it('reads a call from request to status', () => {
    const run = grpc()
      .client(Buffer.concat([call(1, '/etcdserverpb.Lease/LeaseGrant'), data(1, END, '083c')]))
      .server(
        Buffer.concat([
          headers(1, 0, { ':status': '200' }),
          data(1, 0, '0a021805 10 9221 18 3c'),
          headers(1, END, { 'grpc-status': '0', 'grpc-message': '' }),
        ]),
      )
      .end();
    expect(run.ops()).toEqual(['request LeaseGrant', 'response LeaseGrant']);
    expect(run.records()[0]).toMatchObject({ transport: 'grpc', path: '/etcdserverpb.Lease/LeaseGrant', ttl: 60 });
    expect(run.records()[1]).toMatchObject({
      status: 200,
      grpcStatus: 'OK',
      leaseId: '4242',
      ttl: 60,
      revision: 5,
      latency: 0.001,
    });
  });

  it('answers renewals on one stream in turn', () => {
    const run = grpc()
      .client(call(1, keepAlive))
      .client(Buffer.concat([data(1, 0, '0801'), data(1, 0, '0802')]))
      .server(headers(1, 0, { ':status': '200' }))
      .server(data(1, 0, '0a00 1001 1809'))
      .server(data(1, 0, '0a00 1002'))
      .client(http2Frame(FrameType.RST_STREAM, 0, 1, '00000008'))
      .end();
    expect(run.ops()).toEqual([
      'request LeaseKeepAlive',
      'request LeaseKeepAlive',
      'response LeaseKeepAlive',
      'response LeaseKeepAlive',
      'message LeaseKeepAlive',
    ]);
    const messages = messagesOf(run);
    expect(messages[2]!.request).toBe(messages[0]);
    expect(messages[3]!.request).toBe(messages[1]);
    expect(messages.map((message) => message.ttl)).toEqual([null, null, 9, 0, null]);
    expect(run.records()[4]).toMatchObject({ direction: 'request', http2Error: 'CANCEL' });
  });

  it('names failures: trailers alone, a status after a message, GOAWAY', () => {
    const run = grpc()
      .client(Buffer.concat([call(1, '/etcdserverpb.Lease/LeaseRevoke'), data(1, END, '0801')]))
      .server(headers(1, END, { ':status': '200', 'grpc-status': '5', 'grpc-message': 'lease%20not found' }))
      .server(http2Frame(FrameType.GOAWAY, 0, 0, `000000010000000b${Buffer.from('too_many_pings').toString('hex')}`))
      .end();
    expect(run.records()[1]).toMatchObject({ grpcStatus: 'NOT_FOUND', error: 'lease not found', latency: 0.001 });
    expect(run.records()[2]).toMatchObject({
      direction: 'response',
      http2Error: 'ENHANCE_YOUR_CALM',
      error: 'too_many_pings',
    });
  });

  it('bounds what a stranger may make it remember or name', () => {
    const run = grpc();
    for (let id = 1; id < 12_001; id += 2)
      run.client(Buffer.concat([call(id, `/evil.Service/M${id}`), data(id, 0, '0a00')]));
    run.end();
    expect(new Set(run.ops())).toEqual(new Set(['request gRPC']));
  });

  it('says that a compressed message was not read', () => {
    const run = grpc()
      .client(call(1, keepAlive))
      .client(http2Frame(FrameType.DATA, 0, 1, grpcMessage('1f8b0800', true)));
    expect(run.end().records()).toMatchObject([{ compressed: true }]);
    expect(run.records()[0]).not.toHaveProperty('leaseId');
  });

  it('goes on after lost frames, and matches answers by the id of the lease', () => {
    const run = grpc()
      .client(Buffer.concat([call(1, keepAlive), data(1, 0, '0801')]))
      .lose(TO_SERVER, 40)
      .client(data(1, 0, '0803'))
      .server(
        Buffer.concat([
          headers(1, 0, { ':status': '200' }),
          data(1, 0, '0a00 1002 1809'),
          data(1, 0, '0a00 1003 1809'),
        ]),
      )
      .end();
    const messages = messagesOf(run);
    expect(run.ops().filter((op) => op.startsWith('request'))).toHaveLength(2);
    expect(messages.map((message) => message.request?.leaseId?.decimal ?? null)).toEqual([null, null, null, '3']);
  });
});

describe('etcd on other ports', () => {
  const ask = (bytes: Buffer | string): string => {
    const all = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    return protocol.recognise(all, 0, all.length);
  };

  it('is taken for what it surely is, and for nothing else', () => {
    expect(ask(renewal('9221'))).toBe('yes');
    expect(ask('GET /raft/probing HTTP/1.1\r\n')).toBe('yes');
    expect(ask('GET / HTTP/1.1\r\n')).toBe('no');
    expect(ask('POST /lea')).toBe('more');
    expect(ask(Buffer.concat([PREFACE, settings]))).toBe('more');
    expect(ask(Buffer.concat([PREFACE, settings, call(1, keepAlive)]))).toBe('yes');
    expect(ask(Buffer.concat([PREFACE, settings, call(1, '/helloworld.Greeter/SayHello')]))).toBe('no');
    expect(ask(hex('0000002d00000000'))).toBe('no');
    const bytes = Buffer.from(renewal('9221'), 'latin1');
    expect(protocol.recogniseMidStream!([streamChunk(TO_SERVER, bytes)])).toBe(TO_SERVER);
  });

  it('survives any bytes at all', () => {
    const segment = fc.tuple(
      fc.boolean(),
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        fc.constantFrom(
          PREFACE,
          settings,
          call(1, keepAlive),
          data(1, 0, '089221'),
          headers(1, END, { ':status': '200', 'grpc-status': 'x' }),
          Buffer.from(renewal('9221'), 'latin1'),
          Buffer.from(answer('109221183c'), 'latin1'),
          hex('160301000401000000'),
        ),
      ),
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 15 }), fc.boolean(), fc.nat(80), (segments, midStream, lost) => {
        const run = start({ midStream });
        let bytes = 0;
        for (const [up, part] of segments) {
          bytes += part.length;
          run.segment(up ? TO_SERVER : TO_CLIENT, part);
          if (lost > 70) run.lose(TO_SERVER, lost);
          ask(part);
        }
        run.end().records();
        expect(run.gapBytes('skipped') + run.gapBytes('foreign')).toBeLessThanOrEqual(bytes);
      }),
      { numRuns: 200 },
    );
  });
});
