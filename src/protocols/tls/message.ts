import { TO_SERVER, type Connection, type Direction, type Moment } from '../../network/connection.js';
import type { MessageBase } from '../protocol.js';
import { cipherSuiteName } from './crypto/cipherSuites.js';
import type { Certificate } from './handshake/certificates.js';
import type { RecordPlace } from './records/record.js';
import { alertName, tlsVersionName } from './names.js';

export type { Certificate } from './handshake/certificates.js';

/**
 * How a handshake ended, as far as it can be seen:
 * - `completed`: the server answered with a ServerHello and the client went on encrypted;
 * - `alert`: one side refused (an alert in clear or decrypted, or an encrypted record of an alert's size in its stead);
 * - `reset`: RST before it was completed;
 * - `stalled`: not one byte from the server until the client closed;
 * - `closed`: FIN before it was completed, in any other way;
 * - `open`: still under way when the capture ended;
 * - `unknown`: the capture has not what it takes to tell.
 */
export type HandshakeOutcome = 'completed' | 'alert' | 'reset' | 'stalled' | 'closed' | 'open' | 'unknown';

/** An alert; `description` is null where it came encrypted and no key opened it. */
export interface TlsAlert {
  readonly by: 'client' | 'server';
  readonly description: string | null;
  readonly moment: Moment;
}

/** One TLS handshake; filled in while it goes on, and with what the connection tells later. */
export interface TlsHandshake {
  /** Packet that completed the ClientHello, position behind it, and its size with its record headers. */
  readonly hello: Moment;
  readonly helloEnd: number;
  readonly helloLength: number;
  /** Epoch seconds of the ClientHello, which certificates' dates are held against; null where no clock tells them. */
  readonly helloEpoch: number | null;
  readonly serverName: string | null;
  readonly offeredVersion: number;
  /** Offered by the client; what the server chose of it. */
  readonly alpn: readonly string[];
  protocol: string | null;
  /** First byte of the server. */
  serverFirst: Moment | null;
  serverHello: Moment | null;
  version: number | null;
  cipherSuite: number | null;
  /** The server asked for another ClientHello. */
  retried: boolean;
  /** A session of before goes on: no certificates. */
  resumed: boolean;
  encryptThenMac: boolean;
  /** Chains of both ends, their own certificate first; null where they were not seen, or only encrypted. */
  serverCertificates: readonly Certificate[] | null;
  clientCertificates: readonly Certificate[] | null;
  /** Packets that completed the records in which the chains came. */
  serverCertificateAt: Moment | null;
  clientCertificateAt: Moment | null;
  /** The alert that ended it; null where none did. */
  alert: TlsAlert | null;
  /** The first alert after it was completed that is not a mere good-bye. */
  lateAlert: TlsAlert | null;
  /** What came in its stead where the other side does not speak TLS: `HTTP`, `ZooKeeper` … */
  answeredBy: string | null;
  outcome: HandshakeOutcome;
  /** Who ended it: sent the alert, the RST or the first FIN. */
  endedBy: 'client' | 'server' | null;
  decided: Moment | null;
}

export const TLS_OPS = ['ClientHello', 'ServerHello', 'HelloRetryRequest', 'Alert', 'Handshake'] as const;
export type TlsOp = (typeof TLS_OPS)[number];

/** One message of a TLS connection; `Handshake` is how the handshake ended. */
export class TlsMessage implements MessageBase {
  readonly protocol = 'tls';
  readonly frame: number;
  readonly time: number;
  readonly firstFrame: number;
  readonly firstTime: number;
  streamEnd: number;
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
        if (handshake?.cipherSuite != null) record['cipherSuite'] = cipherSuiteName(handshake.cipherSuite);
        break;
      case 'Alert':
        record['level'] = this.level === 2 ? 'fatal' : this.level === 1 ? 'warning' : this.level;
        record['description'] = alertName(this.description);
        break;
      case 'Handshake':
        if (handshake !== null) handshakeRecord(handshake, record);
        break;
    }
    if (this.latency !== null) record['latency'] = this.latency / 1e9;
    return record;
  }
}

function handshakeRecord(handshake: TlsHandshake, record: Record<string, unknown>): void {
  const { hello, serverFirst, decided } = handshake;
  record['outcome'] = handshake.outcome;
  record['endedBy'] = handshake.endedBy;
  record['helloFrame'] = hello.frame;
  record['serverFirstFrame'] = serverFirst?.frame ?? null;
  record['serverWait'] = serverFirst === null ? null : Math.max(0, serverFirst.time - hello.time) / 1e9;
  record['duration'] = decided === null ? null : Math.max(0, decided.time - hello.time) / 1e9;
  if (handshake.alert?.description != null) record['alert'] = handshake.alert.description;
  if (handshake.version !== null) record['tlsVersion'] = tlsVersionName(handshake.version);
  if (handshake.cipherSuite !== null) record['cipherSuite'] = cipherSuiteName(handshake.cipherSuite);
  if (handshake.protocol !== null) record['alpn'] = [handshake.protocol];
  if (handshake.version !== null) record['resumed'] = handshake.resumed;
  const server = certificateRecord(handshake.serverCertificates);
  if (server !== null) record['serverCertificate'] = server;
  const client = certificateRecord(handshake.clientCertificates);
  if (client !== null) record['clientCertificate'] = client;
}

/** An end's own certificate. */
function certificateRecord(chain: readonly Certificate[] | null): Record<string, unknown> | null {
  const own = chain?.[0];
  if (own === undefined) return null;
  const { subject, issuer, notBefore, notAfter, key } = own;
  const date = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
  return { subject, issuer, notBefore: date(notBefore), notAfter: date(notAfter), key };
}
