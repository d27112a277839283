import { uint16, uint32 } from './bytes.js';
import type { Packet } from './packet.js';

/**
 * Fills the packet's segment from its TCP header (RFC 9293); false if there is none. Options are looked at where somebody
 * asks (tcpOptions.ts). Where the snap length cut the options, the segment has no captured payload, but its length on the wire is right.
 */
export function tcpHeader(packet: Packet): boolean {
  const { bytes, offset, end, wireEnd, segment } = packet;
  if (end - offset < 20) {
    packet.short('TCP', 20);
    return false;
  }
  const headerLength = (bytes[offset + 12]! >> 4) << 2;
  if (headerLength < 20) {
    packet.problem('TCP data offset below 20');
    return false;
  }
  const payload = offset + headerLength;
  if (payload > wireEnd) {
    packet.problem('TCP data offset beyond the end of the packet');
    return false;
  }
  if (payload > end) packet.short('TCP', headerLength);
  segment.frame = packet.frame;
  segment.time = packet.time;
  segment.sourcePort = uint16(bytes, offset);
  segment.destinationPort = uint16(bytes, offset + 2);
  segment.sequence = uint32(bytes, offset + 4);
  segment.acknowledgement = uint32(bytes, offset + 8);
  segment.flags = bytes[offset + 13]!;
  segment.window = uint16(bytes, offset + 14);
  segment.bytes = bytes;
  segment.start = payload > end ? end : payload;
  segment.end = end;
  segment.options = payload > end ? 0 : headerLength - 20;
  segment.wireLength = wireEnd - payload;
  return true;
}
