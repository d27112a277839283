import { AUTH_MAGIC, AUTH_OP } from './quorumAuth.js';
import { TO_SERVER, type Direction } from '../../../network/connection.js';

/** QuorumPacket types, the constants of ZooKeeper's Leader class, 3.4 to 3.9. */
export const PacketType = {
  REQUEST: 1,
  PROPOSAL: 2,
  ACK: 3,
  COMMIT: 4,
  PING: 5,
  REVALIDATE: 6,
  SYNC: 7,
  INFORM: 8,
  COMMITANDACTIVATE: 9,
  NEWLEADER: 10,
  FOLLOWERINFO: 11,
  UPTODATE: 12,
  DIFF: 13,
  TRUNC: 14,
  SNAP: 15,
  OBSERVERINFO: 16,
  LEADERINFO: 17,
  ACKEPOCH: 18,
  INFORMANDACTIVATE: 19,
} as const;

export const HIGHEST_TYPE = 19;

const names: string[] = [];
for (const [name, type] of Object.entries(PacketType)) names[type] = name;

/** Names of all packet types, and of the QuorumAuthPacket. */
export const packetTypeNames: readonly string[] = [...Object.keys(PacketType), AUTH_OP];

/** ZooKeeper's name of a packet type that `isTypeFrom` has accepted, or of a QuorumAuthPacket. */
export function packetTypeName(type: number): string {
  return type === AUTH_MAGIC ? AUTH_OP : (names[type] ?? `unknown(${type})`);
}

function bits(...types: number[]): number {
  return types.reduce((set, type) => set | (1 << type), 0);
}

const fromLearner = bits(
  PacketType.REQUEST,
  PacketType.ACK,
  PacketType.PING,
  PacketType.REVALIDATE,
  PacketType.FOLLOWERINFO,
  PacketType.OBSERVERINFO,
  PacketType.ACKEPOCH,
);
const fromLeader = bits(
  PacketType.PROPOSAL,
  PacketType.COMMIT,
  PacketType.PING,
  PacketType.REVALIDATE,
  PacketType.SYNC,
  PacketType.INFORM,
  PacketType.COMMITANDACTIVATE,
  PacketType.NEWLEADER,
  PacketType.UPTODATE,
  PacketType.DIFF,
  PacketType.TRUNC,
  PacketType.SNAP,
  PacketType.LEADERINFO,
  PacketType.INFORMANDACTIVATE,
);

/** Whether a packet of this type is sent in this direction: learners connect, so TO_SERVER is to the leader. */
export function isTypeFrom(direction: Direction, type: number): boolean {
  if (type < 1 || type > HIGHEST_TYPE) return false;
  return (((direction === TO_SERVER ? fromLearner : fromLeader) >>> type) & 1) === 1;
}
