import { describe, expect, it, vi } from 'vitest';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { documentsOf } from '../../testing/documents.js';
import { streamInput } from '../../testing/readFrames.js';
import { wiresharkDissector } from '../../export/wireshark/dissector.js';
import { annotate } from '../../paste/explain/annotate.js';
import { MaskedBytes } from '../../paste/dump/bytes.js';

/** An operation that no ZooKeeper has, with a number far behind those that it has. */
vi.mock(import('./format/operations.js'), async (original) => {
  const { operations, ...rest } = await original();
  const { request, response } = operations.exists;
  const peek = { code: 250, kind: 'read', says: 'the client peeks at PATH', request, response } as const;
  return { ...rest, operations: { ...operations, peek } as typeof operations };
});

const framed = (...hex: string[]): Buffer => {
  const body = Buffer.from(hex.join(''), 'hex');
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};
/** xid 1, the opcode, `/a`, no watch. */
const request = framed('00000001', '000000fa', '00000002', '2f61', '00');
/** xid 1, zxid 7, no error, a Stat of zeros. */
const response = framed('00000001', '0000000000000007', '00000000', '00'.repeat(68));

describe('an opcode that is one row of the table', () => {
  it('is decoded, counted and matched', async () => {
    const builder = new CaptureBuilder();
    const connection = builder.connection({ client: '10.0.0.1:40000', server: '10.0.0.2:2181' });
    connection.handshake();
    connection.client(request);
    connection.server(response);
    const { records, documents } = await documentsOf(streamInput(builder.toPcap()));
    expect(records).toMatchObject([
      { kind: 'request', op: 'peek', path: '/a', watch: false },
      { kind: 'response', op: 'peek', path: '/a', zxid: '0x7', requestFrame: 4 },
    ]);
    expect(documents['analyze']).toMatchObject({ summary: { byOp: { peek: { requests: 1 } } } });
  });

  it('is explained, and in the dissector', () => {
    const data = MaskedBytes.known(request);
    expect(JSON.stringify(annotate([{ data, direction: 'request', flow: null, reverse: null }]))).toContain('peek');
    expect(wiresharkDissector('0')).toContain('[250] = "peek"');
  });
});
