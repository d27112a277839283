import { quorumLine } from '../line.js';
import { zabFields } from './fields.js';
import { zabJournal } from './journal.js';
import { int32 } from '../../../network/bytes.js';
import { TO_CLIENT, TO_SERVER, type Connection, type Direction, type Moment } from '../../../network/connection.js';
import { largeNumberKey } from '../../../network/seed.js';
import type { StreamChunk } from '../../../network/streamChunk.js';
import type { ConnectionDecoder, MessageSink, Protocol, Recognition } from '../../protocol.js';
import { END_OF_RECORD } from '../../zookeeper/format/cursor.js';
import { OpCode } from '../../zookeeper/format/opcodes.js';
import { hex64 } from '../../zookeeper/format/stat.js';
import type { Ensemble } from '../ensemble.js';
import { int64OrNull } from '../numbers.js';
import { PacketType, packetTypeNames } from './packetTypes.js';
import { HEADER_LENGTH, LEARNER_PROTOCOL, looksLikePacket, YES } from './plausibility.js';
import { directionOfPackets } from './midStream.js';
import { deleteFirst, Proposal, type Ack, type Proposals } from './proposals.js';
import { AUTH_MAGIC, isAuthHeader } from './quorumAuth.js';
import { QuorumStream, type PacketSink, type PacketView, type Snapshot } from './quorumStream.js';
import { Strangers } from '../strangers.js';
import { txnName, TXN_HEADER_LENGTH } from './txn.js';
import { ZabMessage, type Acknowledged, type ZabView } from './zabMessage.js';

/**
 * Proposals of one connection that wait for the learner's ACK, and other questions that wait for an answer.
 * @bound packets
 */
const MOST_WAITING = 4096;
/**
 * Packets of one connection that wait for their answer.
 * @bound questions
 */
const MOST_QUESTIONS = 256;

/** ZAB: learners (followers and observers) and their leader, QuorumPackets on the leader's quorum port. */
export function zabProtocol(ensemble: Ensemble): Protocol<typeof zabFields, ZabView> {
  return {
    name: 'zab',
    ports: [2888],
    ops: packetTypeNames,
    journal: zabJournal,
    fields: zabFields,
    line: quorumLine,
    recognise,
    recogniseMidStream(chunks): Direction | null {
      // Only transactions are told from anything else by themselves.
      const { bytes, start, end } = chunks.at(-1)!;
      if (end - start < HEADER_LENGTH) return null;
      const type = int32(bytes, start);
      if (type === PacketType.PROPOSAL && looksLikePacket(TO_CLIENT, bytes, start, end) === YES) return TO_CLIENT;
      if (type === PacketType.REQUEST && looksLikePacket(TO_SERVER, bytes, start, end) === YES) return TO_SERVER;
      return directionOfPackets(chunks);
    },
    open: (connection, sink) => new ZabDecoder(connection, sink, ensemble),
  };
}

/**
 * The first packet is FOLLOWERINFO or OBSERVERINFO, with zxid (accepted epoch, 0) and a LearnerInfo; where servers
 * authenticate each other, QuorumAuthPackets come before it.
 */
function recognise(bytes: Buffer, start: number, end: number): Recognition {
  const known = end - start;
  if (known >= HEADER_LENGTH && isAuthHeader(bytes, start)) return 'yes';
  if (known < HEADER_LENGTH && bytes[start] === AUTH_MAGIC >>> 24) return 'more';
  const prefix = [0, 0, 0, -1];
  for (let i = 0; i < Math.min(4, known); i++) {
    const expected = prefix[i]!;
    const byte = bytes[start + i]!;
    if (expected >= 0 ? byte !== expected : byte !== PacketType.FOLLOWERINFO && byte !== PacketType.OBSERVERINFO) {
      return 'no';
    }
  }
  if (known < HEADER_LENGTH + 12) return 'more';
  const epoch = int32(bytes, start + 4);
  const length = int32(bytes, start + 12);
  const plausible =
    (epoch >= 0 || epoch === -1) &&
    (int32(bytes, start + 8) === 0 || epoch === -1) &&
    (length === 12 || length === 20) &&
    int32(bytes, start + HEADER_LENGTH + 8) === LEARNER_PROTOCOL;
  return plausible ? 'yes' : 'no';
}

interface Sent extends Moment {
  readonly proposal: Proposal | null;
  readonly synchronising: boolean;
}

class ZabDecoder implements ConnectionDecoder {
  private readonly message: ZabMessage;
  private readonly toLeader: QuorumStream;
  private readonly toLearner: QuorumStream;
  private readonly strangers: Strangers;
  private readonly proposals: Proposals;
  private readonly leaderAddress: string;
  private ended = false;
  /** As the learner itself has said it. */
  private learner: number | null = null;
  private leaderId: number | null = null;
  private learnerId: number | null = null;
  private idsVersion = -1;
  /** True from LearnerInfo to UPTODATE. */
  private synchronising = false;
  private readonly waiting = new Map<number, Sent>();
  /** PING, REVALIDATE and sync that wait for their answers, by time, oldest first. */
  private readonly pings: number[] = [];
  private readonly syncs: number[] = [];
  private readonly revalidations = new Map<string, number>();
  private newLeader: Moment | null = null;
  private newLeaderAcknowledged = false;
  private upToDate: Moment | null = null;
  private snapHi = 0;
  private snapLo = 0;

  constructor(
    private readonly connection: Connection,
    private readonly sink: MessageSink,
    private readonly ensemble: Ensemble,
  ) {
    this.message = new ZabMessage(connection, ensemble.cursor);
    this.strangers = new Strangers(connection);
    this.leaderAddress = connection.server.text;
    this.proposals = ensemble.joined(this.leaderAddress);
    const aligned = !connection.midStream;
    this.toLeader = new QuorumStream(TO_SERVER, this.packetsOf(TO_SERVER), aligned);
    this.toLearner = new QuorumStream(TO_CLIENT, this.packetsOf(TO_CLIENT), aligned);
  }

  private packetsOf(direction: Direction): PacketSink {
    return {
      packet: (packet) => {
        this.packet(direction, packet);
      },
      snapshot: (snapshot) => {
        this.snapshot(snapshot);
      },
      skipped: (bytes, frame, time) => {
        this.sink.gap({ connection: this.connection, direction, frame, time, bytes, reason: 'skipped' });
      },
    };
  }

  get held(): number {
    return this.toLeader.memory + this.toLearner.memory;
  }

  giveUp(): void {
    this.toLeader.giveUp();
    this.toLearner.giveUp();
  }

  data(chunk: StreamChunk): void {
    if (this.strangers.takes(chunk)) return;
    (chunk.direction === TO_SERVER ? this.toLeader : this.toLearner).data(chunk);
  }

  gap(direction: Direction, length: number, _position: number, frame: number, time: number): void {
    (direction === TO_SERVER ? this.toLeader : this.toLearner).gap(length, frame, time);
    // Questions or answers may be among what is missing: pairing by order would shift.
    this.pings.length = 0;
    this.syncs.length = 0;
  }

  fin(direction: Direction, frame: number, time: number): void {
    (direction === TO_SERVER ? this.toLeader : this.toLearner).end(frame, time);
  }

  end(frame: number, time: number): void {
    if (this.ended) return;
    this.ended = true;
    this.toLeader.end(frame, time);
    this.toLearner.end(frame, time);
    this.strangers.end(this.sink, frame, time);
    this.ensemble.released(this.waiting.size);
    this.waiting.clear();
    this.ensemble.left(this.leaderAddress, this.proposals);
  }

  private snapshot(snapshot: Snapshot): void {
    this.message.ofSnapshot(TO_CLIENT, snapshot, this.snapHi, this.snapLo);
    this.send();
  }

  private lookUpIds(): void {
    const { ids } = this.ensemble;
    if (ids.version === this.idsVersion) return;
    this.idsVersion = ids.version;
    this.leaderId = ids.at(this.connection.server);
    this.learnerId = this.learner ?? ids.at(this.connection.client);
  }

  private send(): void {
    const { message } = this;
    this.lookUpIds();
    message.leader = this.leaderId;
    message.learner = this.learnerId;
    message.synchronising = this.synchronising;
    this.sink.message(message);
  }

  private packet(direction: Direction, packet: PacketView): void {
    const { message } = this;
    message.ofPacket(direction, packet);
    if (direction === TO_SERVER) this.fromLearner(packet);
    else this.fromLeader(packet);
    this.send();
    if (packet.type === PacketType.UPTODATE) this.synchronising = false;
  }

  // ---- to the leader

  private fromLearner(packet: PacketView): void {
    const { message } = this;
    switch (packet.type) {
      case PacketType.FOLLOWERINFO:
      case PacketType.OBSERVERINFO:
        this.synchronising = true;
        if (packet.dataEnd - packet.dataStart >= 8) {
          this.learner = int64OrNull(packet.bytes, packet.dataStart);
          this.idsVersion = -1;
          if (this.learner !== null) this.ensemble.ids.learnIp(this.connection.client.ip, this.learner);
        }
        return;
      case PacketType.ACK:
        this.acknowledgement();
        return;
      case PacketType.PING:
        message.latency = this.since(this.pings.shift());
        return;
      case PacketType.REQUEST:
        this.request(packet);
        return;
      case PacketType.REVALIDATE: {
        const session = sessionAt(packet);
        if (session === null) return;
        this.revalidations.set(session, packet.time);
        if (this.revalidations.size > MOST_QUESTIONS) deleteFirst(this.revalidations);
        return;
      }
      default:
    }
  }

  private since(time: number | undefined): number | null {
    return time === undefined ? null : Math.max(0, this.message.time - time);
  }

  private request(packet: PacketView): void {
    if (packet.dataEnd - packet.dataStart < 16) return;
    const { bytes, dataStart, frame, time } = packet;
    const hi = int32(bytes, dataStart) >>> 0;
    const lo = int32(bytes, dataStart + 4) >>> 0;
    this.proposals.requested(hi, lo, int32(bytes, dataStart + 8), frame, time);
    if (int32(bytes, dataStart + 12) !== OpCode.sync) return;
    if (this.syncs.length < MOST_QUESTIONS) this.syncs.push(time);
  }

  private acknowledgement(): void {
    const { message } = this;
    const key = largeNumberKey(message.zxid);
    const sent = this.waiting.get(key);
    if (sent === undefined) {
      if (message.zxidLo !== 0) return;
      // zxid (epoch, 0) is never a proposal: NEWLEADER is acknowledged by it first, then UPTODATE. (Of 3.8 the first one
      // may come after UPTODATE: an ACK of a transaction that the learner was sent to catch up has overtaken it.)
      const [what, moment]: [Acknowledged, Moment | null] = this.newLeaderAcknowledged
        ? ['UPTODATE', this.upToDate]
        : ['NEWLEADER', this.newLeader];
      if (moment === null) return;
      this.newLeaderAcknowledged = true;
      message.acknowledges = what;
      message.latency = Math.max(0, message.time - moment.time);
      return;
    }
    this.waiting.delete(key);
    this.ensemble.released(1);
    message.acknowledges = 'PROPOSAL';
    message.latency = Math.max(0, message.time - sent.time);
    message.proposal = sent.proposal;
    if (sent.synchronising) message.synchronising = true;
    if (sent.proposal === null || sent.synchronising) return;
    this.lookUpIds();
    const ack: Ack = {
      frame: message.frame,
      time: message.time,
      server: this.learnerId,
      ip: this.connection.client.ip,
      latency: message.latency,
    };
    this.proposals.acknowledged(sent.proposal, ack);
  }

  // ---- to the learner

  private fromLeader(packet: PacketView): void {
    const { message } = this;
    const { frame, time } = packet;
    switch (packet.type) {
      case PacketType.PROPOSAL:
        this.proposed(packet);
        return;
      case PacketType.COMMIT:
      case PacketType.COMMITANDACTIVATE:
      case PacketType.INFORM:
      case PacketType.INFORMANDACTIVATE: {
        if (this.synchronising) return;
        const proposal = this.proposals.get(message.zxid);
        if (proposal === null) return;
        message.proposal = proposal;
        this.proposals.committed(proposal, { frame, time });
        message.latency = Math.max(0, time - proposal.proposed.time);
        return;
      }
      case PacketType.PING:
        if (this.pings.length < MOST_QUESTIONS) this.pings.push(time);
        return;
      case PacketType.SYNC:
        message.latency = this.since(this.syncs.shift());
        return;
      case PacketType.REVALIDATE: {
        const session = sessionAt(packet);
        if (session === null) return;
        message.latency = this.since(this.revalidations.get(session));
        this.revalidations.delete(session);
        return;
      }
      case PacketType.SNAP:
        this.snapHi = packet.zxidHi;
        this.snapLo = packet.zxidLo;
        return;
      case PacketType.NEWLEADER:
        this.newLeader = { frame, time };
        this.newLeaderAcknowledged = false;
        if (packet.dataEnd > packet.dataStart) {
          this.ensemble.ids.learnConfig(packet.bytes.toString('utf8', packet.dataStart, packet.dataEnd));
        }
        return;
      case PacketType.UPTODATE:
        this.upToDate = { frame, time };
        return;
      default:
    }
  }

  private proposed(packet: PacketView): void {
    const { message } = this;
    const { frame, time } = packet;
    const { zxid } = message;
    let proposal = this.proposals.get(zxid);
    // What a learner is sent to catch up was proposed before, and perhaps to a leader that is gone.
    if (proposal === null && !this.synchronising) {
      proposal = this.newProposal(packet, zxid);
      if (proposal !== null) this.proposals.add(proposal);
    }
    message.proposal = proposal;
    const key = largeNumberKey(zxid);
    const known = this.waiting.has(key);
    if (!known && this.waiting.size >= MOST_WAITING) deleteFirst(this.waiting);
    else if (!known && !this.ensemble.reserve()) return;
    this.waiting.set(key, { frame, time, proposal, synchronising: this.synchronising });
  }

  private newProposal(packet: PacketView, zxid: number): Proposal | null {
    const { bytes, dataStart, dataEnd, frame, time } = packet;
    if (dataEnd - dataStart < TXN_HEADER_LENGTH) return null;
    const hi = int32(bytes, dataStart) >>> 0;
    const lo = int32(bytes, dataStart + 4) >>> 0;
    const cxid = int32(bytes, dataStart + 8);
    const type = int32(bytes, dataStart + 28);
    const request = this.proposals.takeRequest(hi, lo, cxid);
    const path = this.pathOf(packet, type);
    return new Proposal(zxid, this.leaderAddress, hi, lo, cxid, txnName(type), path, { frame, time }, request);
  }

  /** Path of a transaction whose record begins with one. */
  private pathOf(packet: PacketView, type: number): string | null {
    const pathless = type < 0 || type === OpCode.multi;
    if (pathless) return null;
    const cursor = this.ensemble.cursor.reset(packet.bytes, packet.dataStart + TXN_HEADER_LENGTH, packet.dataEnd);
    try {
      return cursor.string();
    } catch (error) {
      if (error !== END_OF_RECORD) throw error;
      return null;
    }
  }
}

/** The session id that a packet's data begins with. */
function sessionAt(packet: PacketView): string | null {
  const { bytes, dataStart: at, dataEnd } = packet;
  return dataEnd - at < 8 ? null : hex64(int32(bytes, at) >>> 0, int32(bytes, at + 4));
}
