import { int32 } from '../../../network/bytes.js';
import { TO_SERVER } from '../../../network/connection.js';
import type { RecordOptions } from '../../protocol.js';
import { opName } from '../../zookeeper/format/opcodes.js';
import { aclFields, addRequest } from '../../zookeeper/output.js';
import { hex64 } from '../../zookeeper/format/stat.js';
import { int64OrNull } from '../numbers.js';
import { PacketType } from './packetTypes.js';
import { AUTH_MAGIC, authStatus } from './quorumAuth.js';
import type { PacketView } from './quorumStream.js';
import { txnName, type Txn } from './txn.js';
import type { ZabMessage } from './zabMessage.js';

type Fields = Record<string, unknown>;

/** Fields of a ZAB message under the names that are printed. */
export function zabRecord(message: ZabMessage, options: RecordOptions): Fields {
  const direction = message.direction === TO_SERVER ? 'request' : 'response';
  const fields: Fields = { direction, length: message.length };
  if (message.zxid !== -1) {
    fields['zxid'] = hex64(message.zxidHi, message.zxidLo);
    fields['epoch'] = message.epoch;
  }
  fields['leader'] = message.leader;
  fields['learner'] = message.learner;
  if (message.synchronising) fields['synchronising'] = true;
  const { packet } = message;
  if (packet !== null) addBody(fields, message, packet, options);
  if (message.snapshot !== null)
    fields['duration'] = Math.max(0, message.snapshot.time - message.snapshot.firstTime) / 1e9;
  if (message.acknowledges !== null) fields['acknowledges'] = message.acknowledges;
  if (message.latency !== null) fields['latency'] = message.latency / 1e9;
  return fields;
}

function addBody(fields: Fields, message: ZabMessage, packet: PacketView, options: RecordOptions): void {
  const { bytes, dataStart: at } = packet;
  const there = packet.dataEnd - at;
  switch (packet.type) {
    case AUTH_MAGIC:
      fields['authStatus'] = authStatus(packet.zxidLo | 0);
      fields['dataLength'] = packet.dataLength;
      return;
    case PacketType.REQUEST:
      addForwarded(fields, message, options);
      return;
    case PacketType.INFORMANDACTIVATE:
    case PacketType.COMMITANDACTIVATE:
      if (there >= 8) fields['designatedLeader'] = int64OrNull(bytes, at);
      if (packet.type === PacketType.INFORMANDACTIVATE) addTxn(fields, message, options);
      else addCommit(fields, message);
      return;
    case PacketType.PROPOSAL:
    case PacketType.INFORM:
      addTxn(fields, message, options);
      return;
    case PacketType.COMMIT:
      addCommit(fields, message);
      return;
    case PacketType.PING:
      if (packet.dataLength >= 0) fields['sessions'] = [...message.sessions()];
      return;
    // A learner asks with long session, int timeout; the leader answers with long session, boolean valid.
    case PacketType.REVALIDATE:
      if (there >= 8) fields['session'] = hex64(int32(bytes, at) >>> 0, int32(bytes, at + 4));
      if (there >= 12) fields['timeout'] = int32(bytes, at + 8);
      else if (there >= 9) fields['valid'] = bytes[at + 8] !== 0;
      return;
    // LearnerInfo: long serverid, int protocolVersion [, long configVersion]
    case PacketType.FOLLOWERINFO:
    case PacketType.OBSERVERINFO:
      if (there >= 12) fields['protocolVersion'] = int32(bytes, at + 8);
      if (there >= 20) fields['configVersion'] = hex64(int32(bytes, at + 12) >>> 0, int32(bytes, at + 16));
      return;
    case PacketType.LEADERINFO:
      if (there >= 4) fields['protocolVersion'] = int32(bytes, at);
      return;
    // The zxid is the learner's last; the data is the epoch that it was in, -1 if it has agreed to the new one before.
    case PacketType.ACKEPOCH:
      if (there >= 4) fields['currentEpoch'] = int32(bytes, at);
      return;
    case PacketType.NEWLEADER:
      if (there > 0) fields['config'] = bytes.toString('utf8', at, packet.dataEnd);
      return;
    default:
  }
}

function addForwarded(fields: Fields, message: ZabMessage, options: RecordOptions): void {
  const request = message.request();
  if (request === null) return;
  fields['session'] = request.session;
  fields['cxid'] = request.cxid;
  fields['request'] = opName(request.type);
  addRequest(fields, request.type, request.body);
  if (options.data) addData(fields, message, request.body);
  fields['auth'] = message.authSchemes();
}

function addTxn(fields: Fields, message: ZabMessage, options: RecordOptions): void {
  const header = message.txnHeader();
  const txn = message.txn();
  if (header === null || txn === null) return;
  fields['session'] = header.session;
  fields['cxid'] = header.cxid;
  const time = new Date(header.time);
  fields['txnTime'] = Number.isNaN(time.getTime()) ? null : time.toISOString();
  fields['txn'] = txnName(header.type);
  Object.assign(fields, txnFields(txn));
  if (options.data) addData(fields, message, txn);
}

function txnFields(txn: Txn): Fields {
  const { acl, ops, ...rest } = txn;
  delete rest.dataAt;
  const fields: Fields = rest;
  if (acl !== undefined) fields['acl'] = aclFields(acl);
  if (ops !== undefined) fields['ops'] = ops.map(txnFields);
  return fields;
}

function addData(fields: Fields, message: ZabMessage, body: { dataLength?: number; dataAt?: number }): void {
  const { dataLength, dataAt } = body;
  if (dataLength === undefined || dataAt === undefined || dataLength < 0) return;
  fields['data'] = message.packet!.bytes.toString('base64', dataAt, dataAt + dataLength);
}

/** Who had acknowledged when the commit was seen (the leader's own acknowledgement is never on the wire). */
function addCommit(fields: Fields, message: ZabMessage): void {
  const { proposal } = message;
  if (proposal === null) return;
  fields['session'] = proposal.session;
  fields['cxid'] = proposal.cxid;
  fields['txn'] = proposal.txn;
  if (proposal.path !== null) fields['path'] = proposal.path;
  const before = proposal.acks.filter((ack) => proposal.committed === null || ack.frame <= proposal.committed.frame);
  fields['acks'] = before.map((ack) => ({ server: ack.server, ip: ack.ip, latency: ack.latency / 1e9 }));
}
