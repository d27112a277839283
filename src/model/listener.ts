import { LEAST_OPCODE, OPCODE_SPAN } from '../protocols/zookeeper/format/layout.js';
import type { ZooKeeperMessage } from '../protocols/zookeeper/message.js';
import type { Acknowledgement, TcpEvent } from '../observations/connectionFacts.js';
import type { Gap } from '../protocols/protocol.js';
import type { DataRead, ListAnswer, RefusedAnswer, Seen, ZnodeChange } from './events.js';
import type { ClientConnection } from './knowledge/clientConnection.js';
import type { Session } from './knowledge/session.js';
import type { Fired, Read, View, WatchKind } from './knowledge/view.js';

/**
 * Who listens to the model. Everything is told in the order of the capture, after the model has taken it in. Messages are
 * valid only during the call.
 */
export interface ModelListener {
  /** Which of the requests, and of the responses, are worth a call: without it all are. */
  readonly requestsWanted?: Wanted;
  readonly responsesWanted?: Wanted;
  /** `request` and `response` leave out pings, and answers to them without error: most of an idle capture is pings. */
  readonly withoutPings?: true;
  /** Any TCP connection to a server of ZooKeeper: answered or not. */
  connectionOpened?(connection: ClientConnection): void;
  connectionClosed?(connection: ClientConnection): void;
  /** A handshake was answered with a session: `resumed` if it was asked for by its id. */
  sessionAttached?(session: Session, connection: ClientConnection, resumed: boolean): void;
  /** A connect request with a session id was answered with session 0. The session is null if its id was not captured. */
  sessionExpired?(session: Session | null, connection: ClientConnection): void;
  /** Once for each session: when it was closed, or was forgotten, or at the end of the capture. Its views are complete. */
  sessionEnded?(session: Session): void;
  request?(message: ZooKeeperMessage, connection: ClientConnection): void;
  response?(message: ZooKeeperMessage, connection: ClientConnection): void;
  notification?(message: ZooKeeperMessage, connection: ClientConnection, view: View | null): void;
  /** What was done to znodes, told once for all: whoever keeps a history keeps what is told here, and reads no answers. */
  changed?(change: ZnodeChange): void;
  dataRead?(read: DataRead): void;
  listAnswered?(answer: ListAnswer): void;
  refused?(answer: RefusedAnswer): void;
  /** closeSession was answered: the session's ephemerals (told as `changed` before, where known) went in this transaction. */
  sessionClosed?(session: Session, closed: Seen): void;
  /** A list of children was answered; `previous` is the session's read of it before. */
  listRead?(view: View, read: Read, previous: Read | null): void;
  /** A read (or setWatches) set a watch again on a path where the session's watch had fired. */
  watchSetAgain?(view: View, kind: WatchKind, fired: Fired, read: Read | null): void;
  gap?(gap: Gap, connection: ClientConnection): void;
  /** What a segment was beside its payload: SYN, FIN, RST, repetition, zero window … as soon as it was seen. */
  tcp?(event: TcpEvent, connection: ClientConnection): void;
  /** The receiver of a direction has acknowledged more: told after notifications, after repetitions, and after the end. */
  acknowledged?(acknowledgement: Acknowledgement, connection: ClientConnection): void;
  /** The capture is at its end. `time` is that of its last frame. */
  end?(time: number): void;
}

/** Messages of which one of these holds; what nobody wants costs nothing. */
export interface Wanted {
  /** Of responses: those of the requests that they answer. */
  readonly opcodes?: Iterable<number>;
  /** Bytes from which on a message is wanted. */
  readonly length?: number;
  /** Nanoseconds from which on an answer is wanted. */
  readonly latency?: number;
  /** Answers with an error in their header. */
  readonly errors?: true;
}

type Event = Exclude<keyof ModelListener, 'withoutPings' | 'requestsWanted' | 'responsesWanted'>;
type Handler<K extends Event> = NonNullable<ModelListener[K]>;
type Handlers<K extends Event> = Handler<K>[];
type MessageHandler = Handler<'request'> & Handler<'response'>;

/** The listeners' functions by event, so that an event nobody listens to costs nothing. */
export class Listeners {
  readonly connectionOpened: Handlers<'connectionOpened'> = [];
  readonly connectionClosed: Handlers<'connectionClosed'> = [];
  readonly sessionAttached: Handlers<'sessionAttached'> = [];
  readonly sessionExpired: Handlers<'sessionExpired'> = [];
  readonly sessionEnded: Handlers<'sessionEnded'> = [];
  readonly request = new MessageListeners();
  readonly response = new MessageListeners();
  readonly notification: Handlers<'notification'> = [];
  readonly changed: Handlers<'changed'> = [];
  readonly dataRead: Handlers<'dataRead'> = [];
  readonly listAnswered: Handlers<'listAnswered'> = [];
  readonly refused: Handlers<'refused'> = [];
  readonly sessionClosed: Handlers<'sessionClosed'> = [];
  readonly listRead: Handlers<'listRead'> = [];
  readonly watchSetAgain: Handlers<'watchSetAgain'> = [];
  readonly gap: Handlers<'gap'> = [];
  readonly tcp: Handlers<'tcp'> = [];
  readonly acknowledged: Handlers<'acknowledged'> = [];
  readonly end: Handlers<'end'> = [];

  add(listener: ModelListener): void {
    for (const [name, handlers] of Object.entries(this) as [Event, unknown[] | MessageListeners][]) {
      const handler: unknown = Reflect.get(listener, name);
      if (typeof handler !== 'function') continue;
      const bound = handler.bind(listener) as MessageHandler;
      if (handlers instanceof MessageListeners) {
        const wanted = name === 'request' ? listener.requestsWanted : listener.responsesWanted;
        handlers.add(bound, listener.withoutPings !== true, wanted);
      } else handlers.push(bound);
    }
  }
}

/** One who wants messages whatever their opcode. */
interface Chooser {
  readonly handler: MessageHandler;
  readonly wanted: Wanted;
  readonly opcodes: ReadonlySet<number>;
  readonly pings: boolean;
}

/** Who is told of requests, or of responses, by what they want. */
class MessageListeners {
  /** Those of everything, and by opcode (those of everything among them). */
  private readonly all: MessageHandler[] = [];
  private readonly byOpcode: MessageHandler[][] = Array.from({ length: OPCODE_SPAN }, () => []);
  private readonly pings: MessageHandler[] = [];
  private readonly choosers: Chooser[] = [];
  /** The least that a chooser wants. */
  private length = Infinity;
  private latency = Infinity;
  private errors = false;

  add(handler: MessageHandler, pings: boolean, wanted: Wanted | undefined): void {
    if (wanted === undefined) {
      this.all.push(handler);
      for (const handlers of this.byOpcode) handlers.push(handler);
      if (pings) this.pings.push(handler);
      return;
    }
    const opcodes = new Set(wanted.opcodes);
    for (const opcode of opcodes) this.byOpcode[opcode - LEAST_OPCODE]!.push(handler);
    const { length = Infinity, latency = Infinity, errors = false } = wanted;
    if (length === Infinity && latency === Infinity && !errors) return;
    this.choosers.push({ handler, wanted, opcodes, pings });
    this.length = Math.min(this.length, length);
    this.latency = Math.min(this.latency, latency);
    this.errors ||= errors;
  }

  /** Tells of a message. @param opcode of the request; null where it is not known, and of four-letter words */
  tell(m: ZooKeeperMessage, connection: ClientConnection, opcode: number | null): void {
    const place = opcode === null ? -1 : opcode - LEAST_OPCODE;
    const handlers = place >= 0 && place < OPCODE_SPAN ? this.byOpcode[place]! : this.all;
    for (const listen of handlers) listen(m, connection);
    this.choose(m, connection, opcode, false);
  }

  /** Tells of a ping, or of an answer to one that has no error. */
  tellPing(m: ZooKeeperMessage, connection: ClientConnection): void {
    const handlers = this.pings;
    for (const listen of handlers) listen(m, connection);
    this.choose(m, connection, null, true);
  }

  private choose(m: ZooKeeperMessage, connection: ClientConnection, opcode: number | null, ping: boolean): void {
    if (m.length < this.length && (m.latency === null || m.latency < this.latency) && (m.err === 0 || !this.errors))
      return;
    for (const { handler, wanted, opcodes, pings } of this.choosers) {
      // Told already for its opcode.
      if (opcode !== null && opcodes.has(opcode)) continue;
      if ((pings || !ping) && wants(wanted, m)) handler(m, connection);
    }
  }
}

function wants({ length, latency, errors }: Wanted, m: ZooKeeperMessage): boolean {
  if (length !== undefined && m.length >= length) return true;
  if (latency !== undefined && m.latency !== null && m.latency >= latency) return true;
  return errors === true && m.err !== 0;
}
