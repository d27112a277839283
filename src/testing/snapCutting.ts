import type { Packet } from './captureFile.js';
import { parseTcp } from './packets.js';

/** What a short snap length does to one packet. */

const LENGTH_PREFIX = 4;
/** ReplyHeader: int xid, long zxid, int err. */
const REPLY_HEADER = 16;

/** The packet, with its TCP payload cut behind `bytes` bytes; the same packet where it has no more. */
function cut(packet: Packet, bytes: number): Packet {
  const payload = parseTcp(packet)?.payload;
  if (payload === undefined || payload.length <= bytes) return packet;
  return { ...packet, data: packet.data.subarray(0, payload.byteOffset - packet.data.byteOffset + bytes) };
}

/** The packets, with all TCP payloads cut behind `bytes` bytes. */
export function cutPayloads(packets: readonly Packet[], bytes: number): Packet[] {
  return packets.map((packet) => cut(packet, bytes));
}

/** The packets, with frame `frame`, in which an answer begins, cut behind the answer's ReplyHeader and `more` bytes. */
export function cutBehindReplyHeader(packets: readonly Packet[], frame: number, more = 0): Packet[] {
  const whole = packets[frame - 1];
  const packet = whole === undefined ? undefined : cut(whole, LENGTH_PREFIX + REPLY_HEADER + more);
  if (packet === undefined || packet === whole) throw new Error(`frame ${frame} has no payload to cut there`);
  return packets.with(frame - 1, packet);
}
