import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { trackConnections } from '../../testing/connections.js';
import { decodeBytes, type Decoded } from '../../testing/decodeBytes.js';
import { snapped, thinned, withoutPackets } from '../../testing/lossRewriting.js';
import { segmentsOf } from '../../testing/resegmenting.js';
import type { MessageRecord } from '../../observations/record.js';

const NAMES = ['every-opcode.pcap', 'c-client.pcap', 'mid-stream.pcap', 'reconnect-setwatches.pcap'];

function packetsOf(name: string): Packet[] {
  return readCapture(readFileSync(new URL(`../../../fixtures/protocol/${name}`, import.meta.url)));
}

/** Where a message stands: the same bytes of the same connection, whatever frames are missing. */
function place(record: MessageRecord): string {
  return [
    record['client'],
    record['server'],
    record['kind'] === 'request' ? '>' : '<',
    record['xid'],
    record['length'],
    record['zxid'],
  ].join(' ');
}

/** Without what only another, lost message tells: the session (from the handshake), the operation of a lost request. */
function known(record: MessageRecord): MessageRecord {
  const result: MessageRecord = {};
  for (const [name, value] of Object.entries(record))
    if (name !== 'session' && value !== null && name !== 'latency') result[name] = value;
  return result;
}

const HEADER_ONLY = new Set([
  'kind',
  'length',
  'xid',
  'zxid',
  'err',
  'error',
  'client',
  'server',
  'protocol',
  'op',
  'truncated',
]);

/** Every message of a capture with losses is one of the whole capture, as far as it could be read. */
function expectNothingInvented(whole: Decoded, damaged: Decoded): void {
  const originals = new Map<string, MessageRecord[]>();
  for (const record of whole.messages) {
    const list = originals.get(place(record)) ?? [];
    list.push(known(record));
    originals.set(place(record), list);
  }
  for (const record of damaged.messages) {
    if (record['op'] === 'fourLetterWord' && record['kind'] === 'response') continue; // an answer is as long as what came
    const candidates = originals.get(place(record)) ?? [];
    const fields = known(record);
    const truncated = fields['truncated'];
    for (const name of ['frame', 'firstFrame', 'time', 'ts', 'connection', 'truncated', 'requestFrame'])
      Reflect.deleteProperty(fields, name);
    const fits = candidates.some((original) =>
      Object.entries(fields).every(([name, value]) => {
        if (JSON.stringify(original[name]) === JSON.stringify(value)) return true;
        // Lists and operations that were cut are the beginning of the original ones.
        return truncated === true && !HEADER_ONLY.has(name);
      }),
    );
    expect(fits, `${JSON.stringify(record)} is none of ${JSON.stringify(candidates)}`).toBe(true);
  }
}

/** Bytes of each direction that no packet of the capture brings, up to the last that the capture knows of. */
function missingBytes(packets: readonly Packet[], kept: ReadonlySet<number>): number {
  const byFlow = new Map<object, { position: number; length: number; key: string }[]>();
  for (const packet of trackConnections(packets)) {
    if (packet?.flow.base === undefined || packet.tcp.payload.length === 0) continue;
    if (!kept.has(packet.index)) continue;
    const key = `${packet.tcp.source.ip}:${packet.tcp.source.port}`;
    const list = byFlow.get(packet.flow) ?? [];
    list.push({ position: (packet.tcp.sequence - packet.flow.base) >>> 0, length: packet.tcp.payload.length, key });
    byFlow.set(packet.flow, list);
  }
  let missing = 0;
  for (const pieces of byFlow.values()) {
    pieces.sort((a, b) => a.position - b.position);
    let end = 0;
    for (const { position, length } of pieces) {
      if (position > end) missing += position - end;
      end = Math.max(end, position + length);
    }
  }
  return missing;
}

describe.each(NAMES)('%s with frames removed', (name) => {
  const packets = packetsOf(name);
  const whole = decodeBytes(writePcap(packets));

  it('gives no message that is not in the original, and none with a wrong operation', async () => {
    const original = await whole;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(0.01, 0.05, 0.2, 0.6), async (seed, ratio) => {
        expectNothingInvented(original, await decodeBytes(writePcap(thinned(packets, seed, ratio))));
      }),
      { numRuns: 60 },
    );
  });

  it('holds also where messages span segments', async () => {
    const small = segmentsOf(packets, 23);
    const original = await decodeBytes(writePcap(small));
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(0.01, 0.05, 0.2), async (seed, ratio) => {
        expectNothingInvented(original, await decodeBytes(writePcap(thinned(small, seed, ratio))));
      }),
      { numRuns: 12 },
    );
  });
});

describe('gaps', () => {
  it('add up to the bytes that are missing', async () => {
    const packets = packetsOf('every-opcode.pcap');
    const data = packets.map((_, i) => i);
    const tracked = trackConnections(packets);
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.integer({ min: 0, max: packets.length - 1 }), { minLength: 1, maxLength: 40 }),
        async (chosen) => {
          // Only data packets: without a SYN or the last packets, nobody could know what is missing.
          const removed = new Set(chosen.filter((i) => (tracked[i]?.tcp.payload.length ?? 0) > 0));
          const kept = new Set(data.filter((i) => !removed.has(i)));
          const decoded = await decodeBytes(writePcap(withoutPackets(packets, removed)));
          const reported = decoded.gaps
            .filter((gap) => gap['reason'] === 'missing')
            .reduce((sum, gap) => sum + Number(gap['bytes']), 0);
          const facts = decoded.connections.reduce((sum, c) => sum + c.toServer.gapBytes + c.toClient.gapBytes, 0);
          expect(reported).toBe(facts);
          // Bytes behind the last packet of a direction are known to be missing where they were acknowledged.
          expect(reported).toBeGreaterThanOrEqual(missingBytes(packets, kept));
          const total = [...removed].reduce((sum, i) => sum + (tracked[i]?.tcp.payload.length ?? 0), 0);
          expect(reported).toBeLessThanOrEqual(total);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('and truncated messages tell what a snap length cut', async () => {
    const packets = packetsOf('every-opcode.pcap');
    const whole = await decodeBytes(writePcap(packets));
    for (const length of [60, 80, 96, 128, 200]) {
      const decoded = await decodeBytes(writePcap(snapped(packets, length)));
      expectNothingInvented(whole, decoded);
      if (length < 96) continue;
      // The header of a message that is alone in its segment is always there.
      const found = new Set(decoded.messages.map((message) => message['frame']));
      const frames = whole.messages
        .filter((message) => message['op'] !== 'fourLetterWord')
        .map((message) => message['frame']);
      const alone = frames.filter((frame) => frames.indexOf(frame) === frames.lastIndexOf(frame));
      expect(alone.filter((frame) => !found.has(frame))).toEqual([]);
      // What is cut out of a message is none that could have been answered, or asked, meanwhile.
      const exchange = ({ client, xid }: MessageRecord): string => `${String(client)} ${String(xid)}`;
      const asked = new Set(
        decoded.messages.filter(({ kind, frame }) => kind === 'request' && alone.includes(frame)).map(exchange),
      );
      const answers = decoded.messages.filter(
        (message) => message['kind'] === 'response' && asked.has(exchange(message)),
      );
      expect(answers.filter(({ op }) => op === null)).toEqual([]);
      if (length === 96) expect(decoded.messages.filter((m) => m['truncated'] === true).length).toBeGreaterThan(100);
    }
  });
});
