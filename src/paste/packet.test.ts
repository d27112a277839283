import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MaskedBytes } from './dump/bytes.js';
import { readCapture, type Packet } from '../testing/captureFile.js';
import { parseTcp } from '../testing/packets.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from '../testing/variants.js';
import { pastedEndText, pastedPacket, type PastedPacket } from './packet.js';
import { pastedRuns, placeInPaste } from './stream.js';

const packets = readCapture(readFileSync(new URL('../../fixtures/protocol/zkcli.pcap', import.meta.url)))
  .filter((packet) => parseTcp(packet) !== undefined)
  .slice(0, 30);

function pasted(list: readonly Packet[]): PastedPacket[] {
  return list.map(({ data }, i) => pastedData(MaskedBytes.known(data), i + 1));
}

function pastedData(data: MaskedBytes, number = 1): PastedPacket {
  return pastedPacket({ line: number, offset: 0, data, header: null, side: null, fromText: 0 }, number);
}

const payloadOf = ({ packet, start, end }: PastedPacket): string => packet.data.hex(start, end);

describe('pastedPacket', () => {
  const expected = packets.map((packet) => parseTcp(packet)!);

  it.each(Object.entries(LINK_VARIANTS))('finds the payload under %s', (_, rewrite) => {
    const found = pasted(rewrite(packets));
    expect(found.map(payloadOf)).toEqual(expected.map(({ payload }) => payload.toString('hex')));
    expect(found.map(({ source }) => source.port)).toEqual(expected.map(({ source }) => source.port));
    expect(found.map(({ sequence }) => sequence)).toEqual(expected.map(({ sequence }) => sequence));
    expect(found.every(({ headers }) => headers.at(-1) === 'TCP')).toBe(true);
  });

  it('does not depend on masked addresses and checksums, and does not invent them', () => {
    for (const packet of packets) {
      const data = new MaskedBytes(Buffer.from(packet.data), Buffer.alloc(packet.data.length, 0xff));
      for (const [start, end] of [
        [0, 12],
        [24, 34],
        [50, 52],
      ] as const) {
        data.bytes.fill(0, start, end);
        data.mask.fill(0, start, end);
      }
      const found = pastedData(data);
      const { payload, source } = parseTcp(packet)!;
      expect(payloadOf(found)).toBe(payload.toString('hex'));
      expect(found.source).toEqual({ host: null, port: source.port });
      expect(pastedEndText(found.source)).toBe(`?:${source.port}`);
    }
  });

  it('takes all for payload where masked bytes hide where it begins', () => {
    const { data } = packets[3]!;
    const masked = MaskedBytes.known(Buffer.from(data));
    masked.bytes[46] = 0; // the TCP header's length
    masked.mask[46] = 0;
    expect(pastedData(masked)).toMatchObject({ headers: [], start: 0, end: data.length });
  });

  it('says how many bytes the snap length cut', () => {
    const packet = packets.find((one) => parseTcp(one)!.payload.length > 20)!;
    const { payload } = parseTcp(packet)!;
    const found = pastedData(MaskedBytes.known(packet.data.subarray(0, -7)));
    expect(found).toMatchObject({ wireLength: payload.length, end: packet.data.length - 7 });
  });
});

describe('pastedRuns', () => {
  const streams = (list: readonly Packet[]): string[] => {
    const byFlow = new Map<string, string>();
    for (const { data, flow } of pastedRuns(pasted(list)).runs) {
      byFlow.set(flow!, (byFlow.get(flow!) ?? '') + data.hex(0, data.length));
    }
    return [...byFlow.values()];
  };

  it.each([
    'doubled',
    'one byte per segment',
    'length prefix alone',
    'coalesced',
    'retransmitted in part',
    'sequence numbers wrapped',
  ])('joins the same bytes: %s', (name) => {
    expect(streams(STREAM_VARIANTS[name]!(packets))).toEqual(streams(packets));
  });

  it('does not join over a gap', () => {
    const fromClient = packets.filter((packet) => {
      const { destination, payload } = parseTcp(packet)!;
      return destination.port === 2181 && payload.length > 0;
    });
    expect(pastedRuns(pasted(fromClient)).runs).toHaveLength(1);
    expect(pastedRuns(pasted([fromClient[0]!, fromClient[2]!])).runs).toHaveLength(2);
  });

  it('knows in which packet a byte stands, and at which offset', () => {
    const list = STREAM_VARIANTS['one byte per segment']!(packets);
    const found = pasted(list);
    const [run] = pastedRuns(found).runs;
    for (let i = 0; i < run!.data.length; i++) {
      const { packet, offset } = placeInPaste(run!, i);
      expect(packet.packet.data.bytes[offset]).toBe(run!.data.bytes[i]);
    }
  });
});
