import { counted, nameIn } from '../../numberNames.js';

/** HTTP/2 frames (RFC 9113, 4.1): 3-byte length, type, flags, 4-byte stream id with one reserved bit; all big-endian. */
export const FRAME_HEADER_LENGTH = 9;

export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG_END_STREAM = 0x01;
export const FLAG_ACK = 0x01;
export const FLAG_END_HEADERS = 0x04;
export const FLAG_PADDED = 0x08;
export const FLAG_PRIORITY = 0x20;

/** Client's first bytes (RFC 9113, 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Payload that a peer may send before it has seen any SETTINGS; etcd and Go's client never ask for more. */
export const DEFAULT_MAX_FRAME = 16384;

/** Names of error codes (RFC 9113, 7), for RST_STREAM and GOAWAY. */
const ERROR_NAMES = counted(
  0,
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
);

/** `CANCEL`, or `unknown(N)`. */
export function http2ErrorName(code: number): string {
  return nameIn(ERROR_NAMES, code);
}

/** By type: the flags that may be set; whether the stream id must be zero (0), must not be (1), or may be either (2). */
const FLAGS_ALLOWED = [0x09, 0x2d, 0x00, 0x00, 0x01, 0x0c, 0x01, 0x00, 0x00, 0x04];
const STREAM_RULE = [1, 1, 1, 1, 0, 1, 0, 0, 2, 1];

/**
 * Can a frame header stand here, of a payload up to `maxFrame` bytes? Strict, since it is how frames are found again
 * where the stream is not aligned.
 */
export function isPlausibleHeader(bytes: Buffer, at: number, maxFrame: number): boolean {
  const length = bytes.readUIntBE(at, 3);
  const type = bytes[at + 3]!;
  const flags = bytes[at + 4]!;
  const id = bytes.readUInt32BE(at + 5);
  const allowed = FLAGS_ALLOWED[type];
  if (allowed === undefined || (flags & ~allowed) !== 0 || length > maxFrame || id >= 0x80000000) return false;
  const rule = STREAM_RULE[type]!;
  if (rule === 0 ? id !== 0 : rule === 1 && id === 0) return false;
  switch (type) {
    case FrameType.PRIORITY:
      return length === 5;
    case FrameType.RST_STREAM:
    case FrameType.WINDOW_UPDATE:
      return length === 4;
    case FrameType.PING:
      return length === 8;
    case FrameType.SETTINGS:
      return (flags & FLAG_ACK) !== 0 ? length === 0 : length % 6 === 0;
    case FrameType.GOAWAY:
      return length >= 8;
    case FrameType.HEADERS:
      return length > 0;
    default:
      return true;
  }
}

/**
 * Do these bytes consist of whole frames, with at most the last one's payload continuing behind them? One frame alone
 * must end exactly where they end.
 */
export function areFrames(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  let count = 0;
  while (at + FRAME_HEADER_LENGTH <= end) {
    if (!isPlausibleHeader(bytes, at, DEFAULT_MAX_FRAME)) return false;
    at += FRAME_HEADER_LENGTH + bytes.readUIntBE(at, 3);
    count++;
  }
  return count > 0 && (at === end || (count > 1 && at > end));
}
