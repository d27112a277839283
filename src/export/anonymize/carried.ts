import { TO_CLIENT, TO_SERVER, type Connection, type Direction } from '../../network/connection.js';
import { looksLikeRequest, looksLikeResponse } from '../../protocols/transport/http1/head.js';
import { areFrames, PREFACE } from '../../protocols/transport/http2/frames.js';
import { isRecordHeader, RECORD_HEADER } from '../../protocols/tls/records/record.js';
import { Http1Reader, isChunk } from './http1.js';
import { Http2Reader } from './http2.js';
import type { AnonymizingKey } from './key.js';
import type { Maps } from './juteRewriter.js';
import type { RewrittenStream } from './streams.js';
import { TlsReader } from './tls.js';

/** Reads the bytes of both directions of a connection as they come. */
export interface StreamReader {
  /** More bytes have come; `position` is that of the first of them. */
  data(direction: Direction, position: number): void;
}

/** Protocols whose decoders do not say where everything stands. */
const CARRYING: readonly (string | null)[] = ['tls', 'etcd'];

/** A reader for what a connection carries, as soon as its first bytes (or any, from its middle) tell; null before. */
export function carriedBy(
  connection: Connection,
  stream: (direction: Direction) => RewrittenStream,
  maps: Maps,
  key: AnonymizingKey,
  position: number,
): StreamReader | null {
  if (!CARRYING.includes(connection.protocol)) return null;
  const atStart = !connection.midStream;
  for (const direction of [TO_SERVER, TO_CLIENT] as const) {
    const of = stream(direction);
    const bytes = of.original(atStart ? 0 : Math.min(position, of.seen));
    if (bytes.length < RECORD_HEADER) continue;
    if (isRecordHeader(bytes, 0)) return atStart ? new TlsReader(stream, maps, key) : null;
    if (connection.protocol === 'tls') continue;
    const text = bytes.toString('latin1', 0, PREFACE.length);
    if (text === PREFACE.toString('latin1') || (!atStart && areFrames(bytes, 0, bytes.length)))
      return new Http2Reader(stream, maps, key, atStart);
    if (!atStart && direction === TO_CLIENT && isChunk(text)) return new Http1Reader(stream, maps, atStart);
    if ((direction === TO_SERVER ? looksLikeRequest(text) : looksLikeResponse(text)) === 'yes')
      return new Http1Reader(stream, maps, atStart);
  }
  return null;
}
