import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { streamInput } from '../testing/readFrames.js';
import { fixturePackets } from '../testing/analyseCapture.js';
import { writePcap, type Packet } from '../testing/captureFile.js';
import { FIN, RST, SYN } from '../testing/headers.js';
import { parseTcp } from '../testing/packets.js';
import { Random } from '../testing/random.js';
import { MessageReader } from '../protocols/messageReader.js';

/** Ranges of sequence numbers, apart from each other, in order. */
class Ranges {
  readonly list: [start: number, end: number][] = [];

  add(start: number, end: number): void {
    if (end <= start) return;
    const kept: [number, number][] = [];
    let [from, to] = [start, end];
    for (const [a, b] of this.list) {
      if (b < from || a > to) kept.push([a, b]);
      else [from, to] = [Math.min(a, from), Math.max(b, to)];
    }
    kept.push([from, to]);
    kept.sort((x, y) => x[0] - y[0]);
    this.list.splice(0, this.list.length, ...kept);
  }

  /** Bytes of a range that are not in it. */
  missing(start: number, end: number): number {
    let left = Math.max(0, end - start);
    for (const [a, b] of this.list) left -= Math.max(0, Math.min(b, end) - Math.max(a, start));
    return left;
  }
}

/** Bytes of each direction that lie before something that the capture has, and are not in it. */
function truth(packets: readonly Packet[]): Map<string, number> {
  interface Half {
    readonly ranges: Ranges;
    readonly start: number;
    /** Position behind the last byte of which something tells, and of the last byte of all. */
    known: number;
    fin: number;
  }
  const halves = new Map<string, Half>();
  const relative = (half: Half, sequence: number): number => (sequence - half.start) | 0;
  for (const packet of packets) {
    const tcp = parseTcp(packet);
    if (!tcp) continue;
    const ends = [`${tcp.source.ip}:${tcp.source.port}`, `${tcp.destination.ip}:${tcp.destination.port}`];
    const key = `${ends[0]!} ${ends[1]!}`;
    const back = `${ends[1]!} ${ends[0]!}`;
    if ((tcp.flags & SYN) !== 0) {
      const start = (tcp.sequence + 1) >>> 0;
      if (halves.get(key)?.start !== start) halves.set(key, { ranges: new Ranges(), start, known: 0, fin: Infinity });
      continue;
    }
    const half = halves.get(key);
    const other = halves.get(back);
    if (half !== undefined && (tcp.flags & RST) === 0) {
      const from = relative(half, tcp.sequence);
      const to = from + tcp.payload.length + tcp.missing;
      half.ranges.add(from, from + tcp.payload.length);
      half.known = Math.max(half.known, to);
    }
    if (half !== undefined && (tcp.flags & FIN) !== 0) half.fin = relative(half, tcp.sequence) + tcp.payload.length;
    if (other !== undefined && (tcp.flags & 16) !== 0 && (tcp.flags & RST) === 0) {
      other.known = Math.max(other.known, relative(other, tcp.acknowledgement));
    }
  }
  const result = new Map<string, number>();
  for (const [key, half] of halves) result.set(key, half.ranges.missing(0, Math.min(half.known, half.fin)));
  return result;
}

async function told(packets: readonly Packet[]): Promise<Map<string, number>> {
  const result = new Map<string, number>();
  const none = (): void => undefined;
  await new MessageReader(
    [streamInput(writePcap(packets))],
    {
      message: none,
      connectionOpened: none,
      connectionClosed: none,
      gap: ({ connection: { client, server }, direction, bytes, reason }) => {
        if (reason !== 'missing') return;
        const key = direction === 0 ? `${client.text} ${server.text}` : `${server.text} ${client.text}`;
        result.set(key, (result.get(key) ?? 0) + bytes);
      },
    },
    { ports: [{ port: 2181, protocol: 'zookeeper' }] },
  ).read();
  return result;
}

const FOLDER = new URL('../../fixtures/incidents/', import.meta.url);
const CAPTURES = readdirSync(FOLDER).filter((name) => name.endsWith('.pcap'));

describe('bytes that the capture has not', () => {
  for (const name of CAPTURES) {
    it(`${name}: as many as were taken out and not sent again`, async () => {
      const packets = fixturePackets(`incidents/${name}`);
      for (let seed = 1; seed <= 4; seed++) {
        const random = new Random(seed);
        const kept = packets.filter((packet) => {
          const tcp = parseTcp(packet);
          const marked = tcp !== undefined && (tcp.flags & (SYN | FIN | RST)) !== 0;
          return marked || !random.chance(0.02 * seed * seed);
        });
        const wanted = truth(kept);
        const found = await told(kept);
        const differences: string[] = [];
        for (const [key, bytes] of wanted) {
          if (!key.includes(':2181')) continue;
          if ((found.get(key) ?? 0) !== bytes)
            differences.push(`seed ${seed}: ${key}: ${found.get(key) ?? 0}, not ${bytes}`);
        }
        expect(differences).toEqual([]);
      }
    });
  }
});
