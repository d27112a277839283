/** ZooKeeper messages as bytes, the few that synthetic captures need. Big endian, each behind its 4-byte length. */

const int = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const long = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([int(bytes.length), bytes]);
};

const framed = (...parts: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(body.length), body]);
};

const PASSWORD = Buffer.concat([int(16), Buffer.alloc(16)]);

/** ConnectRequest; session 0 asks for a new one. */
export function connectRequest(session = 0n, timeout = 10_000): Buffer {
  return framed(int(0), long(0n), int(timeout), long(session), PASSWORD, Buffer.alloc(1));
}

/** ConnectResponse. */
export function connectResponse(session: bigint, timeout = 10_000): Buffer {
  return framed(int(0), int(timeout), long(session), PASSWORD, Buffer.alloc(1));
}

/** exists (opcode 3). */
export function existsRequest(xid: number, path: string, watch = false): Buffer {
  return framed(int(xid), int(3), text(path), Buffer.from([watch ? 1 : 0]));
}

/** AuthPacket (opcode 100). */
export function authRequest(scheme: string, auth: Uint8Array | string): Buffer {
  const bytes = Buffer.from(auth as Uint8Array);
  return framed(int(-4), int(100), int(0), text(scheme), int(bytes.length), bytes);
}

/** A reply header without a record: an error, or an answer to ping. */
export function emptyResponse(xid: number, zxid: bigint, err: number): Buffer {
  return framed(int(xid), long(zxid), int(err));
}

/** WatcherEvent of a connected session. */
export function notification(type: number, path: string): Buffer {
  return framed(int(-1), long(-1n), int(0), int(type), int(3), text(path));
}

/** ping, and its answer. */
export const pingRequest = framed(int(-2), int(11));
