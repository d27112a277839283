import { Frame } from '../capture/frame.js';
import type { Packet } from './captureFile.js';

/**
 * Hands packets on as the capture readers do: one Frame and one chunk, reused. What lay in the chunk is overwritten
 * after each callback, so that a test fails if anything kept a view on it.
 */
export function eachFrame(packets: readonly Packet[], callback: (frame: Frame) => void): void {
  const margin = 16;
  const longest = packets.reduce((length, packet) => Math.max(length, packet.data.length), 0);
  const chunk = Buffer.alloc(longest + 2 * margin);
  const frame = new Frame();
  const base = packets[0]?.seconds ?? 0;
  packets.forEach((packet, i) => {
    chunk.fill(0xdd);
    packet.data.copy(chunk, margin);
    frame.number = i + 1;
    frame.time = (packet.seconds - base) * 1e9 + packet.nanos;
    frame.linkType = packet.linkType;
    frame.bytes = chunk;
    frame.start = margin;
    frame.end = margin + packet.data.length;
    frame.originalLength = packet.originalLength;
    callback(frame);
  });
  chunk.fill(0xdd);
}
