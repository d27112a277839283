import type { Message } from '../../protocols/registry.js';
import type { ConnectionFacts, Moment } from '../../observations/connectionFacts.js';
import type { Certificate, HandshakeOutcome, TlsAlert, TlsHandshake, TlsMessage } from '../../protocols/tls/message.js';

/**
 * Servers whose TLS handshakes are counted.
 * @bound servers
 */
const MAX_SERVERS = 4096;
/**
 * Handshakes that are kept one by one for each server; others are only counted.
 * @bound handshakes
 */
const MAX_KEPT = 1000;
/**
 * The same of all servers together.
 * @bound handshakes
 */
const MAX_KEPT_OF_ALL = 20_000;
/**
 * Clients of one server that are told apart.
 * @bound clients
 */
const MAX_CLIENTS = 1000;
/**
 * Certificates that servers and clients have shown.
 * @bound certificates
 */
const MAX_CERTIFICATES = 2000;
const GOOD_BYES: readonly (string | null)[] = ['close_notify', 'user_canceled'];

/** A handshake that the server never answered, and its connection. */
export interface Stalled {
  readonly handshake: TlsHandshake;
  readonly connection: ConnectionFacts;
}

/** A handshake that one side refused. */
export interface Refusal extends Stalled {
  readonly alert: TlsAlert;
}

/** A certificate that somebody showed. */
export interface SeenCertificate {
  readonly certificate: Certificate;
  readonly of: 'server' | 'client';
  /** `ip:port` of the server, `ip` of the client. */
  readonly holder: string;
  /** Place in the chain: 0 is the holder's own. */
  readonly depth: number;
  readonly first: Moment;
  last: Moment;
  /** Epoch seconds at which it was shown last. */
  epoch: number;
  handshakes: number;
}

/** TLS handshakes with one server. */
export class ServerHandshakes {
  readonly outcomes = new Map<HandshakeOutcome, number>();
  /** Those that stalled, as long as they are not too many; `outcomes` has all. */
  readonly stalled: Stalled[] = [];
  /** Those that the server ended without a word of TLS, as long as they are not too many. */
  readonly refused: Stalled[] = [];
  /** Those that one side refused by an alert, during the handshake or right behind it, as long as they are not too many. */
  readonly alerted: Refusal[] = [];
  /** Those that the server answered with something else than TLS, likewise. */
  readonly misunderstood: Stalled[] = [];
  /** By client's address: the handshakes of which the latest that was completed, and was not refused later. */
  readonly reached = new Map<string, TlsHandshake>();
  /** A ServerHello of it was seen. */
  speaksTls = false;
  /** Longest wait, in nanoseconds, from ClientHello to the server's first byte among those that were completed. */
  slowestCompleted = 0;

  constructor(
    readonly server: string,
    private readonly room: { left: number },
  ) {}

  /** Number of handshakes that ended so. */
  count(outcome: HandshakeOutcome): number {
    return this.outcomes.get(outcome) ?? 0;
  }

  add(handshake: TlsHandshake, connection: ConnectionFacts): void {
    const { outcome, serverFirst, hello, alert } = handshake;
    const one = { handshake, connection };
    this.outcomes.set(outcome, this.count(outcome) + 1);
    if (handshake.serverHello !== null) this.speaksTls = true;
    const stranger = handshake.answeredBy != null && handshake.serverHello === null;
    const mute = handshake.serverHello === null && alert === null && handshake.endedBy === 'server';
    if (outcome === 'stalled') this.keep(this.stalled, one);
    else if (outcome === 'alert') {
      // A client that was told nothing has nothing to refuse: it says that the end came too early.
      const heard = alert?.by === 'server' || handshake.serverHello !== null || handshake.retried;
      if (alert !== null && heard && !GOOD_BYES.includes(alert.description)) this.keep(this.alerted, { ...one, alert });
    } else if (stranger) this.keep(this.misunderstood, one);
    if (mute && (outcome === 'closed' || outcome === 'reset')) this.keep(this.refused, one);
    if (outcome !== 'completed') return;
    if (serverFirst !== null) this.slowestCompleted = Math.max(this.slowestCompleted, serverFirst.time - hello.time);
    const { ip } = connection.client;
    if (this.reached.size < MAX_CLIENTS || this.reached.has(ip)) this.reached.set(ip, handshake);
  }

  /** A side that had taken the handshake for done refuses the other: TLS 1.3 judges the client's certificate then. */
  late(handshake: TlsHandshake, connection: ConnectionFacts, alert: TlsAlert): void {
    this.keep(this.alerted, { handshake, connection, alert });
    const { ip } = connection.client;
    if (this.reached.get(ip) === handshake) this.reached.delete(ip);
  }

  private keep<T>(list: T[], one: T): void {
    if (list.length >= MAX_KEPT || this.room.left <= 0) return;
    this.room.left--;
    list.push(one);
  }
}

/** How TLS handshakes ended, by server, and the certificates that were seen. Fed with messages of any protocol. */
export class TlsHandshakes {
  readonly servers = new Map<string, ServerHandshakes>();
  private readonly seen = new Map<string, SeenCertificate>();
  /** Of open connections, by number. */
  private readonly byConnection = new Map<number, TlsHandshake>();
  private readonly room = { left: MAX_KEPT_OF_ALL };

  /** Certificates in clear or decrypted, each once for each holder, as long as they are not too many. */
  get certificates(): Iterable<SeenCertificate> {
    return this.seen.values();
  }

  /** The connection's handshake, once it is decided and until it ends. */
  of(connection: ConnectionFacts): TlsHandshake | undefined {
    return this.byConnection.get(connection.id);
  }

  message(message: Message, connection: ConnectionFacts): void {
    if (message.protocol !== 'tls') return;
    const { op, handshake } = message as Message & Pick<TlsMessage, 'op' | 'handshake'>;
    if (op === 'Alert') this.alert(message, connection);
    if (op !== 'Handshake' || handshake === null) return;
    const server = this.server(connection.server.text);
    if (server === undefined) return;
    this.byConnection.set(connection.id, handshake);
    server.add(handshake, connection);
    this.chain('server', connection.server.text, handshake.serverCertificates, handshake);
    this.chain('client', connection.client.ip, handshake.clientCertificates, handshake);
  }

  closed({ id }: ConnectionFacts): void {
    this.byConnection.delete(id);
  }

  private server(address: string): ServerHandshakes | undefined {
    let server = this.servers.get(address);
    if (server === undefined && this.servers.size < MAX_SERVERS) {
      this.servers.set(address, (server = new ServerHandshakes(address, this.room)));
    }
    return server;
  }

  /** An alert behind a handshake that was completed. */
  private alert(message: Message, connection: ConnectionFacts): void {
    const handshake = this.of(connection);
    if (handshake?.outcome !== 'completed') return;
    const { direction, level, description } = (message as Message & Pick<TlsMessage, 'toRecord'>).toRecord();
    if (typeof description !== 'string' || level !== 'fatal' || GOOD_BYES.includes(description)) return;
    const by = direction === 'request' ? 'client' : 'server';
    const moment = { frame: message.frame, time: message.time };
    this.server(connection.server.text)?.late(handshake, connection, { by, description, moment });
  }

  private chain(
    of: SeenCertificate['of'],
    holder: string,
    chain: readonly Certificate[] | null,
    handshake: TlsHandshake,
  ): void {
    const { helloEpoch, decided, hello } = handshake;
    if (chain === null || helloEpoch == null) return;
    const last = (of === 'server' ? handshake.serverCertificateAt : handshake.clientCertificateAt) ?? decided ?? hello;
    for (const [depth, certificate] of chain.entries()) {
      const key = `${of} ${holder} ${certificate.notAfter} ${certificate.subject}`;
      const seen = this.seen.get(key);
      if (seen !== undefined) {
        seen.last = last;
        seen.epoch = helloEpoch;
        seen.handshakes++;
      } else if (this.seen.size < MAX_CERTIFICATES) {
        this.seen.set(key, { certificate, of, holder, depth, first: last, last, epoch: helloEpoch, handshakes: 1 });
      }
    }
  }
}
