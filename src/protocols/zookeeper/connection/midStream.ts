import type { StreamChunk } from '../../../network/streamChunk.js';
import { isErrorCode } from '../format/errors.js';

/** Segments in a row that must agree. */
const AGREEING = 3;
const REPLY_HEADER = 16;
const HIGHEST_EPOCH = 0xffff;
/** How far xids and zxids of one session go from one answer to the next, where the capture has them all. */
const XID_STEP = 1000;
const ZXID_STEP = 1 << 20;

/**
 * Whether three segments in a row, all of one side, are answers whose xids and zxids go on from each other. Their requests
 * say more; this is for a capture of the servers' packets alone.
 */
export function areAnswers(chunks: readonly StreamChunk[]): boolean {
  if (chunks.length < AGREEING) return false;
  let xid = 0;
  let epoch = 0;
  let counter = 0;
  for (const { direction, bytes, start, end } of chunks) {
    if (direction !== chunks[0]!.direction) return false;
    let at = start;
    while (at < end) {
      if (end - at < 4 + REPLY_HEADER) return false;
      const length = bytes.readInt32BE(at);
      const nextXid = bytes.readInt32BE(at + 4);
      const nextEpoch = bytes.readInt32BE(at + 8);
      const nextCounter = bytes.readUInt32BE(at + 12);
      const err = bytes.readInt32BE(at + 16);
      if (length < REPLY_HEADER || at + 4 + length > end || !isErrorCode(err)) return false;
      if (err !== 0 && length !== REPLY_HEADER) return false;
      if (nextXid < 1 || nextEpoch < 1 || nextEpoch > HIGHEST_EPOCH) return false;
      const first = xid === 0;
      if (!first && (nextXid <= xid || nextXid > xid + XID_STEP || nextEpoch !== epoch)) return false;
      if (!first && (nextCounter < counter || nextCounter > counter + ZXID_STEP)) return false;
      [xid, epoch, counter] = [nextXid, nextEpoch, nextCounter];
      at += 4 + length;
    }
  }
  return true;
}
