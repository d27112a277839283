import { int32 } from '../../../network/bytes.js';
import type { Connection, Direction } from '../../../network/connection.js';
import type { MessageBase, RecordOptions } from '../../protocol.js';
import { END_OF_RECORD, type Cursor } from '../../zookeeper/format/cursor.js';
import { readRequest, type RequestBody } from '../../zookeeper/format/records.js';
import { hex64, zxidNumber } from '../../zookeeper/format/stat.js';
import { PacketType, packetTypeName } from './packetTypes.js';
import { AUTH_MAGIC } from './quorumAuth.js';
import type { Proposal } from './proposals.js';
import type { PacketView, Snapshot } from './quorumStream.js';
import { readDigest, readTxn, TXN_HEADER_LENGTH, type Txn } from './txn.js';
import { zabRecord } from './zabRecord.js';

/** Op of the bytes between a SNAP packet and the packet that follows the snapshot. */
export const SNAPSHOT = 'snapshot';

/** What an ACK acknowledges. A learner acknowledges NEWLEADER and UPTODATE with the same zxid, in this order. */
export type Acknowledged = 'PROPOSAL' | 'NEWLEADER' | 'UPTODATE';

/** What everybody may ask of a packet, decoded or told by a line. */
export type ZabView = Pick<
  ZabMessage,
  | Exclude<keyof MessageBase, 'toRecord'>
  | ('zxid' | 'zxidHi' | 'zxidLo' | 'epoch' | 'length' | 'leader' | 'learner' | 'latency' | 'proposal')
  | ('acknowledges' | 'synchronising' | 'txnHeader' | 'request')
> &
  MessageBase;

/**
 * A QuorumPacket between a learner (who connected) and its leader, or the snapshot that follows a SNAP packet. The decoder
 * reuses the object: it is valid only until the callback returns. Bodies are read when they are asked for.
 */
export class ZabMessage implements MessageBase {
  readonly protocol = 'zab';
  readonly kind = 'message';
  direction: Direction = 0;
  frame = 0;
  time = 0;
  firstFrame = 0;
  streamEnd = 0;
  truncated = false;
  op = '';
  /** QuorumPacket type, 0 for a snapshot. */
  packetType = 0;
  /** All bytes of it on the wire. */
  length = 0;
  /** As a double, exact for epochs below 2^21; -1 where all bits are set. Halves unsigned. */
  zxid = -1;
  zxidHi = 0;
  zxidLo = 0;
  /** Ids (myid) of the two servers, null where the capture has not shown them. */
  leader: number | null = null;
  learner: number | null = null;
  /**
   * Nanoseconds: ACK since the packet that it acknowledges (on the same connection), COMMIT and INFORM since the first
   * PROPOSAL to any learner, answers to PING, REVALIDATE and sync since they were asked; null where that was not captured.
   */
  latency: number | null = null;
  /** ACK, PROPOSAL, COMMIT and their like: the proposal, null where it was not captured. */
  proposal: Proposal | null = null;
  acknowledges: Acknowledged | null = null;
  /** Sent while the learner is being brought up to date, between FOLLOWERINFO and UPTODATE. */
  synchronising = false;
  snapshot: Snapshot | null = null;
  packet: PacketView | null = null;

  constructor(
    readonly connection: Connection,
    private readonly cursor: Cursor,
  ) {}

  /** Takes over what the packet itself says. */
  ofPacket(direction: Direction, packet: PacketView): void {
    this.direction = direction;
    this.packet = packet;
    this.snapshot = null;
    this.packetType = packet.type;
    this.op = packetTypeName(packet.type);
    this.frame = packet.frame;
    this.time = packet.time;
    this.firstFrame = packet.firstFrame;
    this.streamEnd = packet.streamEnd;
    this.length = packet.length;
    this.truncated = packet.dataEnd - packet.dataStart < packet.dataLength;
    this.zxidHi = packet.zxidHi;
    this.zxidLo = packet.zxidLo;
    this.zxid = packet.type === AUTH_MAGIC ? -1 : zxidNumber(packet.zxidHi, packet.zxidLo);
    this.latency = null;
    this.proposal = null;
    this.acknowledges = null;
  }

  ofSnapshot(direction: Direction, snapshot: Snapshot, zxidHi: number, zxidLo: number): void {
    this.direction = direction;
    this.packet = null;
    this.snapshot = snapshot;
    this.packetType = 0;
    this.op = SNAPSHOT;
    this.frame = snapshot.frame;
    this.time = snapshot.time;
    this.firstFrame = snapshot.firstFrame;
    this.streamEnd = snapshot.streamEnd;
    this.length = snapshot.bytes;
    this.truncated = snapshot.truncated;
    this.zxidHi = zxidHi;
    this.zxidLo = zxidLo;
    this.zxid = zxidNumber(zxidHi, zxidLo);
    this.latency = null;
    this.proposal = null;
    this.acknowledges = null;
  }

  /** High half of the zxid: number of the leader's reign. Null where there is no zxid. */
  get epoch(): number | null {
    return this.zxid === -1 ? null : this.zxidHi;
  }

  /** Where the TxnHeader begins in `packet.bytes`; -1 where the packet carries no transaction. */
  private txnStart(): number {
    const packet = this.packet;
    if (packet === null) return -1;
    const lead = packet.type === PacketType.INFORMANDACTIVATE ? 8 : 0;
    if (packet.type !== PacketType.PROPOSAL && packet.type !== PacketType.INFORM && lead === 0) return -1;
    const start = packet.dataStart + lead;
    return packet.dataEnd - start < TXN_HEADER_LENGTH ? -1 : start;
  }

  /** TxnHeader: long clientId, int cxid, long zxid, long time, int type. Null where there is none. */
  txnHeader(): TxnHeader | null {
    const at = this.txnStart();
    if (at < 0) return null;
    const bytes = this.packet!.bytes;
    return {
      session: hex64(int32(bytes, at) >>> 0, int32(bytes, at + 4)),
      cxid: int32(bytes, at + 8),
      time: int32(bytes, at + 20) * 4294967296 + (int32(bytes, at + 24) >>> 0),
      type: int32(bytes, at + 28),
    };
  }

  /** The transaction of PROPOSAL, INFORM, INFORMANDACTIVATE, as far as the bytes go; null where there is none. */
  txn(): Txn | null {
    const at = this.txnStart();
    if (at < 0) return null;
    const packet = this.packet!;
    const txn: Txn = {};
    const type = int32(packet.bytes, at + 28);
    const cursor = this.cursor.reset(packet.bytes, at + TXN_HEADER_LENGTH, packet.dataEnd);
    try {
      readTxn(type, cursor, txn);
      readDigest(cursor, txn);
    } catch (error) {
      if (error !== END_OF_RECORD) throw error;
    }
    return txn;
  }

  /** A client's request that a learner hands on: long sessionId, int cxid, int type, request. Null for other packets. */
  request(): ForwardedRequest | null {
    const packet = this.packet;
    if (packet?.type !== PacketType.REQUEST || packet.dataEnd - packet.dataStart < 16) return null;
    const at = packet.dataStart;
    const bytes = packet.bytes;
    const body: RequestBody = {};
    const type = int32(bytes, at + 12);
    try {
      readRequest(type, this.cursor.reset(bytes, at + 16, packet.dataEnd), body);
    } catch (error) {
      if (error !== END_OF_RECORD) throw error;
    }
    return { session: hex64(int32(bytes, at) >>> 0, int32(bytes, at + 4)), cxid: int32(bytes, at + 8), type, body };
  }

  /** Calls back for each session that a learner's answer to PING says is alive. */
  *sessions(): Generator<{ session: string; timeout: number }> {
    const packet = this.packet;
    if (packet?.type !== PacketType.PING) return;
    const { bytes } = packet;
    for (let at = packet.dataStart; at + 12 <= packet.dataEnd; at += 12) {
      yield { session: hex64(int32(bytes, at) >>> 0, int32(bytes, at + 4)), timeout: int32(bytes, at + 8) };
    }
  }

  /** Schemes of the client's identities in a REQUEST (the ids themselves may be credentials). */
  authSchemes(): string[] {
    const packet = this.packet;
    const schemes: string[] = [];
    if (packet === null) return schemes;
    const cursor = this.cursor.reset(packet.bytes, packet.idStart, packet.idEnd);
    for (let left = packet.idCount; left > 0; left--) {
      schemes.push(cursor.string() ?? '');
      cursor.skipBuffer();
    }
    return schemes;
  }

  toRecord(options: RecordOptions): Record<string, unknown> {
    return zabRecord(this, options);
  }
}

export interface TxnHeader {
  /** Session id `0x…`. */
  readonly session: string;
  /** xid of the client's request. */
  readonly cxid: number;
  /** Milliseconds since 1970 by the leader's clock. */
  readonly time: number;
  /** OpCode number, -1 for an error. */
  readonly type: number;
}

export interface ForwardedRequest {
  readonly session: string;
  readonly cxid: number;
  readonly type: number;
  readonly body: RequestBody;
}
