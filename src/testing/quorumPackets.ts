/** QuorumPackets as bytes, for tests; written here without src/protocols, so that each can check the other. */

export interface PacketFields {
  readonly type: number;
  readonly zxid: bigint;
  /** Null is length -1. */
  readonly data?: Buffer | null;
  /** Null is count -1. */
  readonly ids?: readonly (readonly [scheme: string, id: string])[] | null;
}

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** jute's ustring and buffer; null is length -1. */
export function buffer(value: Buffer | string | null): Buffer {
  if (value === null) return int(-1);
  const bytes = Buffer.from(value);
  return Buffer.concat([int(bytes.length), bytes]);
}

export function quorumPacket({ type, zxid, data = null, ids = null }: PacketFields): Buffer {
  const auth =
    ids === null ? [int(-1)] : [int(ids.length), ...ids.flatMap(([scheme, id]) => [buffer(scheme), buffer(id)])];
  return Buffer.concat([int(type), long(zxid), buffer(data), ...auth]);
}

/** TxnHeader: long clientId, int cxid, long zxid, long time, int type. */
export function txnHeader(session: bigint, cxid: number, zxid: bigint, time: bigint, type: number): Buffer {
  return Buffer.concat([long(session), int(cxid), long(zxid), long(time), int(type)]);
}

/** PROPOSAL of a setData. */
export function setDataProposal(zxid: bigint, path: string, data: Buffer): Buffer {
  const header = txnHeader(0x100000def6f0000n, 7, zxid, 1795225603000n, 5);
  return quorumPacket({ type: 2, zxid, data: Buffer.concat([header, buffer(path), buffer(data), int(3)]) });
}
