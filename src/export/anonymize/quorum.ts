import { requestLayout, layoutOf } from '../../protocols/zookeeper/format/layout.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { ElectionMessage } from '../../protocols/quorum/election/electionMessage.js';
import { PacketType } from '../../protocols/quorum/zab/packetTypes.js';
import { AUTH_MAGIC } from '../../protocols/quorum/zab/quorumAuth.js';
import { SIGNATURE } from '../../protocols/quorum/zab/snapshotEnd.js';
import { ERROR_TXN, TXN_HEADER_LENGTH } from '../../protocols/quorum/zab/txn.js';
import type { PacketView } from '../../protocols/quorum/zab/quorumStream.js';
import type { ZabMessage } from '../../protocols/quorum/zab/zabMessage.js';
import { NOT_UNDERSTOOD, rewriteRecord, type JuteRewriter, type Maps } from './juteRewriter.js';
import type { RewrittenStream } from './streams.js';

const PACKET_HEADER = 16;
const REQUEST_HEADER = 16;
const DIGEST = 12;
const LARGEST_TIME = 0xffff;
const LARGEST_ID = 0xffff;

/** Rewrites what passes between learner and leader. */
export function rewriteZab(message: ZabMessage, stream: RewrittenStream, maps: Maps): void {
  const { packet, snapshot } = message;
  if (snapshot !== null) {
    // A tree as it is written to disk: nothing of it stays but what says that it is over.
    if (!snapshot.truncated) stream.put(snapshot.streamEnd - SIGNATURE.length, SIGNATURE);
    return;
  }
  if (packet === null) return;
  const start = packet.streamEnd - packet.length;
  const { bytes, dataStart, dataEnd, dataLength, type } = packet;
  const headerEnd = dataStart;
  const header = rewriteRecord(bytes.subarray(headerEnd - PACKET_HEADER, headerEnd), maps, false, (rewriter) => {
    // Its magic number takes the place of type and half the zxid; then the status.
    if (type === AUTH_MAGIC) rewriter.keep(PACKET_HEADER);
    else {
      rewriter.int();
      rewriter.zxid();
      rewriter.int();
    }
  });
  stream.put(start, header);
  const whole = dataEnd - dataStart === Math.max(0, dataLength);
  stream.put(start + PACKET_HEADER, packetData(packet, !whole, maps));
  if (type === AUTH_MAGIC) return;
  // Behind data that was too long to be kept stand the ids all the same.
  const idsAt = packet.idStart - 4;
  const ids = rewriteRecord(bytes.subarray(idsAt, packet.idEnd), maps, false, (rewriter) => {
    rewriter.vector(8, () => {
      rewriter.string((scheme) => maps.contents.scheme(scheme));
      rewriter.string((id) => maps.contents.user(id));
    });
  });
  stream.put(packet.streamEnd - ids.length, ids);
}

function packetData({ bytes, dataStart, dataEnd, type }: PacketView, partly: boolean, maps: Maps): Buffer {
  const data = bytes.subarray(dataStart, dataEnd);
  if (data.length === 0) return data;
  if (type === AUTH_MAGIC) return maps.contents.credential(data);
  if (type === PacketType.NEWLEADER) return maps.contents.configuration(data);
  // What is handed on has a header in front, which is understood even where the rest is not.
  switch (type) {
    case PacketType.REQUEST:
      return inTwo(data, REQUEST_HEADER, partly, maps, requestHeader, request);
    case PacketType.INFORMANDACTIVATE:
      return inTwo(data, 8 + TXN_HEADER_LENGTH, partly, maps, activatingHeader, (rewriter) => {
        transaction(rewriter, data.readInt32BE(8 + TXN_HEADER_LENGTH - 4));
      });
    case PacketType.PROPOSAL:
    case PacketType.INFORM:
      return inTwo(data, TXN_HEADER_LENGTH, partly, maps, txnHeader, (rewriter) => {
        transaction(rewriter, data.readInt32BE(TXN_HEADER_LENGTH - 4));
      });
  }
  return rewriteRecord(data, maps, partly, (rewriter) => {
    switch (type) {
      case PacketType.COMMITANDACTIVATE:
        rewriter.long(LARGEST_ID);
        return;
      case PacketType.PING:
        while (rewriter.remaining > 0) {
          rewriter.keep(8);
          rewriter.int();
        }
        return;
      case PacketType.REVALIDATE:
        rewriter.keep(8);
        if (rewriter.remaining === 1) rewriter.boolean();
        else rewriter.int();
        return;
      case PacketType.FOLLOWERINFO:
      case PacketType.OBSERVERINFO:
        rewriter.long(LARGEST_ID);
        rewriter.int();
        if (rewriter.remaining > 0) rewriter.zxid();
        return;
      case PacketType.LEADERINFO:
      case PacketType.ACKEPOCH:
        rewriter.int();
        return;
      default:
        rewriter.skip(rewriter.remaining);
    }
  });
}

type Write = (rewriter: JuteRewriter) => void;

function inTwo(
  data: Buffer,
  at: number,
  partly: boolean,
  maps: Maps,
  head: Write,
  body: (rewriter: JuteRewriter, data: Buffer) => void,
): Buffer {
  if (data.length < at) return Buffer.alloc(data.length);
  const rest = rewriteRecord(data.subarray(at), maps, partly, (rewriter) => {
    body(rewriter, data);
  });
  return Buffer.concat([rewriteRecord(data.subarray(0, at), maps, false, head), rest]);
}

/** A client's request that a learner hands on: long session, int cxid, int type, and the request. */
function requestHeader(rewriter: JuteRewriter): void {
  rewriter.keep(12);
  rewriter.int();
}

function request(rewriter: JuteRewriter, data: Buffer): void {
  const type = data.readInt32BE(REQUEST_HEADER - 4);
  if (type === OpCode.createSession && rewriter.remaining === 4) rewriter.int();
  else if (layoutOf(type) === null) rewriter.skip(rewriter.remaining);
  else rewriter.record(requestLayout(type));
}

/** TxnHeader: long clientId, int cxid, long zxid, long time, int type. */
function txnHeader(rewriter: JuteRewriter): void {
  rewriter.keep(12);
  rewriter.zxid();
  rewriter.long(LARGEST_TIME);
  rewriter.int();
}

/** long designatedLeader, TxnHeader. */
function activatingHeader(rewriter: JuteRewriter): void {
  rewriter.long(LARGEST_ID);
  txnHeader(rewriter);
}

/** The transaction, and since 3.6 a digest. */
function transaction(rewriter: JuteRewriter, type: number): void {
  txn(rewriter, type);
  if (rewriter.remaining === DIGEST) rewriter.keep(DIGEST);
}

function txn(rewriter: JuteRewriter, type: number, nested = false): void {
  if (type === ERROR_TXN) {
    rewriter.int();
    return;
  }
  if (type === OpCode.multi) {
    if (nested) throw NOT_UNDERSTOOD;
    rewriter.vector(8, () => {
      const inner = rewriter.int();
      const length = rewriter.int(-1);
      if (length > 0) {
        rewriter.within(length, () => {
          txn(rewriter, inner, true);
        });
      }
    });
    return;
  }
  const layout = layoutOf(type)?.txn;
  if (layout == null) throw NOT_UNDERSTOOD;
  // What is optional at the end of a record cannot be told from the digest behind it but by its length.
  for (const field of layout.fields) {
    const left = rewriter.remaining;
    if (!field.optional || (left > 0 && (nested || left !== DIGEST))) rewriter.field(field);
  }
}

const HELLO = 20;
const CONFIG_VERSION = 2;

/** Rewrites what passes between servers that elect a leader. */
export function rewriteElection(message: ElectionMessage, stream: RewrittenStream, maps: Maps): void {
  const start = message.streamEnd - message.length;
  if (start < stream.decided) return;
  const bytes = stream.original(start, message.streamEnd);
  if (bytes.length < message.length) return;
  const { contents } = maps;
  const out = rewriteRecord(bytes, maps, false, (rewriter) => {
    if (message.op === 'quorumAuth') {
      rewriter.keep(12);
      rewriter.string((token) => contents.credential(token));
    } else if (message.op === 'initialMessage') {
      // Before 3.5 a server id stood alone.
      if (message.length >= HELLO) rewriter.keep(8);
      rewriter.long(LARGEST_ID);
      if (message.length >= HELLO)
        rewriter.string((text) => Buffer.from(contents.addresses(text.toString('latin1')), 'latin1'));
    } else {
      rewriter.int();
      rewriter.int(0, 3);
      // Nobody is proposed by the least of all numbers.
      rewriter.keep(8);
      rewriter.keep(8);
      rewriter.keep(8);
      if (rewriter.remaining >= 8) rewriter.keep(8);
      if (rewriter.remaining >= 4) rewriter.int();
      if (message.version >= CONFIG_VERSION) rewriter.string((text) => contents.configuration(text));
    }
  });
  stream.put(start, out);
}
