import type { Message } from '../../protocols/protocol.js';
import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import type { HandshakeOutcome, TlsHandshake, TlsMessage } from '../../protocols/tls/message.js';

const MAX_SERVERS = 4096;
/** Handshakes that are kept one by one for each server; others are only counted. */
const MAX_KEPT = 1000;

/** A handshake that the server never answered, and its connection. */
export interface Stalled {
  readonly handshake: TlsHandshake;
  readonly connection: ConnectionFacts;
}

/** TLS handshakes with one server. */
export class ServerHandshakes {
  readonly outcomes = new Map<HandshakeOutcome, number>();
  /** Those that stalled, as long as they are not too many; `outcomes` has all. */
  readonly stalled: Stalled[] = [];
  /** Those that the server ended without a word of TLS, as long as they are not too many. */
  readonly refused: Stalled[] = [];
  /** Longest wait, in nanoseconds, from ClientHello to the server's first byte among those that were completed. */
  slowestCompleted = 0;

  constructor(readonly server: string) {}

  /** Number of handshakes that ended so. */
  count(outcome: HandshakeOutcome): number {
    return this.outcomes.get(outcome) ?? 0;
  }

  add(handshake: TlsHandshake, connection: ConnectionFacts): void {
    const { outcome, serverFirst, hello } = handshake;
    this.outcomes.set(outcome, this.count(outcome) + 1);
    if (outcome === 'stalled' && this.stalled.length < MAX_KEPT) this.stalled.push({ handshake, connection });
    const mute = handshake.serverHello === null && handshake.alert === null && handshake.endedBy === 'server';
    if (mute && (outcome === 'closed' || outcome === 'reset') && this.refused.length < MAX_KEPT) {
      this.refused.push({ handshake, connection });
    }
    if (outcome === 'completed' && serverFirst !== null) {
      this.slowestCompleted = Math.max(this.slowestCompleted, serverFirst.time - hello.time);
    }
  }
}

/** How TLS handshakes ended, by server. Fed with messages of any protocol. */
export class TlsHandshakes {
  readonly servers = new Map<string, ServerHandshakes>();

  message(message: Message, connection: ConnectionFacts): void {
    if (message.protocol !== 'tls') return;
    const { op, handshake } = message as Message & Pick<TlsMessage, 'op' | 'handshake'>;
    if (op !== 'Handshake' || handshake === null) return;
    const { text } = connection.server;
    let server = this.servers.get(text);
    if (server === undefined) {
      if (this.servers.size >= MAX_SERVERS) return;
      this.servers.set(text, (server = new ServerHandshakes(text)));
    }
    server.add(handshake, connection);
  }
}
