import { describe, expect, it } from 'vitest';
import { CaptureBuilder } from './captureBuilder.js';
import { readCapture } from './captureFile.js';

/** Sequence, acknowledgement, flags, payload of every packet (Ethernet, IPv4, no IP options). */
function tcp(builder: CaptureBuilder): [number, number, number, string][] {
  return readCapture(builder.toPcap()).map(({ data }) => {
    const at = 34;
    const header = (data[at + 12]! >> 4) * 4;
    return [data.readUInt32BE(at + 4), data.readUInt32BE(at + 8), data[at + 13]!, data.toString('latin1', at + header)];
  });
}

const ends = { client: '10.0.0.1:40000', server: '10.0.0.2:2181', clientSequence: 100, serverSequence: 200 };

describe('CaptureBuilder', () => {
  it('numbers a conversation as TCP does', () => {
    const builder = new CaptureBuilder();
    builder.connection(ends).handshake().client('abc').server('xy').close();
    expect(tcp(builder)).toEqual([
      [100, 0, 0x02, ''],
      [200, 101, 0x12, ''],
      [101, 201, 0x10, ''],
      [101, 201, 0x18, 'abc'],
      [201, 104, 0x18, 'xy'],
      [104, 203, 0x11, ''],
      [203, 105, 0x11, ''],
      [105, 204, 0x10, ''],
    ]);
  });

  it('acknowledges what was lost to the capture, not what was dropped on the way', () => {
    const builder = new CaptureBuilder();
    const connection = builder.connection(ends);
    connection.client('lost', { lost: true }).ack('server');
    connection.client('gone', { dropped: true }).client('more').ack('server').retransmit('client', 1).ack('server');
    expect(tcp(builder)).toEqual([
      [201, 105, 0x10, ''],
      [105, 201, 0x18, 'gone'],
      [109, 201, 0x18, 'more'],
      [201, 105, 0x10, ''],
      [105, 201, 0x18, 'gone'],
      [201, 113, 0x10, ''],
    ]);
  });

  it('writes times, segments and the wrap of sequence numbers', () => {
    const builder = new CaptureBuilder(1000, 500_000_000);
    builder
      .connection({ ...ends, clientSequence: 0xfffffffe, segmentSize: 2 })
      .client('abcd')
      .ack('server');
    expect(tcp(builder).map(([sequence, acknowledgement]) => [sequence, acknowledgement])).toEqual([
      [0xffffffff, 201],
      [1, 201],
      [201, 3],
    ]);
    expect(builder.packets.map(({ seconds, nanos }) => [seconds, nanos])).toEqual([
      [1000, 0],
      [1000, 500_000_000],
      [1001, 0],
    ]);
  });
});
