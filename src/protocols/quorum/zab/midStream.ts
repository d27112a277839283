import { int32 } from '../../../network/bytes.js';
import { TO_CLIENT, TO_SERVER, type Direction } from '../../../network/connection.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import { PacketType } from './packetTypes.js';
import { HEADER_LENGTH, looksLikePacket, YES } from './plausibility.js';

/** Segments in a row that must agree. */
const AGREEING = 3;

/** What a segment of nothing but QuorumPackets says. */
interface Packets {
  readonly direction: Direction;
  readonly epoch: number;
}

/**
 * Direction of the latest of three segments of whole QuorumPackets that agree in their epoch and in who is the leader. A
 * single PING, ACK or COMMIT has too little in it to be told from anything else.
 */
export function directionOfPackets(chunks: readonly StreamChunk[]): Direction | null {
  const latest = chunks.length < AGREEING ? null : packetsIn(chunks.at(-1)!);
  if (latest === null) return null;
  const turned = latest.direction !== chunks.at(-1)!.direction;
  for (const chunk of chunks) {
    const packets = packetsIn(chunk);
    if (packets?.epoch !== latest.epoch || (packets.direction !== chunk.direction) !== turned) return null;
  }
  return latest.direction;
}

function packetsIn({ bytes, start, end }: StreamChunk): Packets | null {
  let direction: Direction | null = null;
  let epoch = 0;
  for (let at = start; at < end;) {
    // Type, zxid, data of at least no length, and the ids, of which there are none but in REQUEST.
    if (end - at < HEADER_LENGTH + 4) return null;
    const way = directionOf(bytes, at, end);
    const length = Math.max(0, int32(bytes, at + 12));
    const next = at + HEADER_LENGTH + length + 4;
    if (way === null || next > end || int32(bytes, next - 4) !== -1) return null;
    if (at > start && (way !== direction || int32(bytes, at + 4) !== epoch)) return null;
    direction = way;
    epoch = int32(bytes, at + 4);
    at = next;
  }
  return direction === null || epoch < 1 ? null : { direction, epoch };
}

function directionOf(bytes: Buffer, at: number, end: number): Direction | null {
  // The leader asks without data; the learner's answer lists its sessions, if it has any.
  const asks = int32(bytes, at) === PacketType.PING && int32(bytes, at + 12) === -1;
  if (!asks && looksLikePacket(TO_SERVER, bytes, at, end) === YES) return TO_SERVER;
  return looksLikePacket(TO_CLIENT, bytes, at, end) === YES ? TO_CLIENT : null;
}
