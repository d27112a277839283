import { TO_SERVER, type Connection, type Direction, type Moment } from '../../network/connection.js';
import type { Message } from '../protocol.js';
import type { RecordPlace } from './recordReader.js';
import { alertName, tlsVersionName } from './names.js';

/**
 * How a handshake ended, as far as it can be seen without keys:
 * - `completed`: the server answered with a ServerHello and the client went on encrypted;
 * - `alert`: one side refused (an alert in clear, or an encrypted record of an alert's size in its stead);
 * - `reset`: RST before it was completed;
 * - `stalled`: not one byte from the server until the client closed;
 * - `closed`: FIN before it was completed, in any other way;
 * - `open`: still under way when the capture ended;
 * - `unknown`: the capture has not what it takes to tell.
 */
export type HandshakeOutcome = 'completed' | 'alert' | 'reset' | 'stalled' | 'closed' | 'open' | 'unknown';

/** One TLS handshake; filled in while it goes on. */
export interface TlsHandshake {
  /** Packet that completed the ClientHello, position behind it, and its size with its record headers. */
  readonly hello: Moment;
  readonly helloEnd: number;
  readonly helloLength: number;
  readonly serverName: string | null;
  readonly offeredVersion: number;
  readonly alpn: readonly string[];
  /** First byte of the server. */
  serverFirst: Moment | null;
  serverHello: Moment | null;
  version: number | null;
  alert: { readonly by: 'client' | 'server'; readonly description: string | null; readonly moment: Moment } | null;
  outcome: HandshakeOutcome;
  /** Who ended it: sent the alert, the RST or the first FIN. */
  endedBy: 'client' | 'server' | null;
  decided: Moment | null;
}

export type TlsOp = 'ClientHello' | 'ServerHello' | 'HelloRetryRequest' | 'Alert' | 'Handshake';

/** One message of a TLS connection; `Handshake` is how the handshake ended. */
export class TlsMessage implements Message {
  readonly protocol = 'tls';
  readonly frame: number;
  readonly time: number;
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly streamEnd: number;
  readonly truncated = false;

  constructor(
    readonly connection: Connection,
    readonly direction: Direction,
    readonly kind: 'request' | 'response' | 'message',
    readonly op: TlsOp,
    readonly handshake: TlsHandshake | null,
    place: RecordPlace,
    /** Responses: nanoseconds since the ClientHello. */
    readonly latency: number | null = null,
    /** Alerts: level (1 warning, 2 fatal) and description. */
    readonly level = 0,
    readonly description = 0,
  ) {
    this.frame = place.frame;
    this.time = place.time;
    this.firstFrame = place.firstFrame;
    this.firstTime = place.firstTime;
    this.streamEnd = place.streamEnd;
  }

  toRecord(): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    const handshake = this.handshake;
    if (this.kind === 'message') record['direction'] = this.direction === TO_SERVER ? 'request' : 'response';
    switch (this.op) {
      case 'ClientHello':
        if (handshake === null) break;
        if (handshake.serverName !== null) record['serverName'] = handshake.serverName;
        record['tlsVersion'] = tlsVersionName(handshake.offeredVersion);
        if (handshake.alpn.length > 0) record['alpn'] = handshake.alpn;
        record['length'] = handshake.helloLength;
        break;
      case 'ServerHello':
      case 'HelloRetryRequest':
        if (handshake?.version != null) record['tlsVersion'] = tlsVersionName(handshake.version);
        break;
      case 'Alert':
        record['level'] = this.level === 2 ? 'fatal' : this.level === 1 ? 'warning' : this.level;
        record['description'] = alertName(this.description);
        break;
      case 'Handshake':
        if (handshake === null) break;
        record['outcome'] = handshake.outcome;
        record['endedBy'] = handshake.endedBy;
        record['helloFrame'] = handshake.hello.frame;
        record['serverFirstFrame'] = handshake.serverFirst?.frame ?? null;
        record['serverWait'] =
          handshake.serverFirst === null ? null : (handshake.serverFirst.time - handshake.hello.time) / 1e9;
        record['duration'] = handshake.decided === null ? null : (handshake.decided.time - handshake.hello.time) / 1e9;
        if (handshake.alert?.description != null) record['alert'] = handshake.alert.description;
        break;
    }
    if (this.latency !== null) record['latency'] = this.latency / 1e9;
    return record;
  }
}
