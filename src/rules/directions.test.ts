import { describe, expect, it } from 'vitest';
import { analysePackets, fixturePackets } from '../testing/analyseCapture.js';
import type { Packet } from '../testing/captureFile.js';
import { FIN, RST } from '../testing/headers.js';
import { parseTcp } from '../testing/packets.js';
import { truths } from '../testing/truth.js';

const SERVER_PORTS = [2181, 2281];
/** Nanoseconds. */
const SKEW = 50e6;

function toServer(packet: Packet): boolean | null {
  const tcp = parseTcp(packet);
  if (tcp === undefined) return null;
  if (SERVER_PORTS.includes(tcp.destination.port)) return true;
  return SERVER_PORTS.includes(tcp.source.port) ? false : null;
}

function later(packet: Packet, nanoseconds: number): Packet {
  const nanos = packet.nanos + nanoseconds;
  const seconds = packet.seconds + Math.floor(nanos / 1e9);
  return { ...packet, seconds, nanos: ((nanos % 1e9) + 1e9) % 1e9 };
}

const time = ({ seconds, nanos }: Packet): number => seconds * 1e9 + nanos;

const VARIANTS: Readonly<Record<string, (packets: readonly Packet[]) => Packet[]>> = {
  'only what went to the servers': (packets) => packets.filter((packet) => toServer(packet) !== false),
  'only what came from the servers': (packets) => packets.filter((packet) => toServer(packet) !== true),
  'servers 50 ms late': (packets) =>
    packets
      .map((packet) => (toServer(packet) === false ? later(packet, SKEW) : packet))
      .sort((a, b) => time(a) - time(b)),
  'servers 50 ms early': (packets) =>
    packets
      .map((packet) => (toServer(packet) === false ? later(packet, -SKEW) : packet))
      .sort((a, b) => time(a) - time(b)),
  'no FIN and no RST': (packets) => packets.filter((packet) => ((parseTcp(packet)?.flags ?? 0) & (FIN | RST)) === 0),
};

const all = truths('incidents').filter(({ capture }) => !capture.endsWith('.gz'));

describe('captures of one direction, or whose directions are skewed', () => {
  for (const { name, capture } of all) {
    for (const [variant, change] of Object.entries(VARIANTS)) {
      it(`${name}, ${variant}: nothing is proven that is not in the whole`, async () => {
        const packets = fixturePackets(capture);
        const whole = new Set((await analysePackets(packets)).document.findings.map(({ rule }) => rule));
        const { document } = await analysePackets(change(packets));
        for (const { rule, confidence, severity, message, evidence } of document.findings) {
          const told = `${severity} ${confidence} ${rule} ${message}`;
          if (confidence === 'proven') expect(whole.has(rule), told).toBe(true);
          for (const { frame } of evidence) expect(frame, told).toBeGreaterThan(0);
        }
      });
    }
  }
});
