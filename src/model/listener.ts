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

type Event = Exclude<keyof ModelListener, 'withoutPings'>;
type Handlers<K extends Event> = NonNullable<ModelListener[K]>[];

/** The listeners' functions by event, so that an event nobody listens to costs nothing. */
export class Listeners {
  readonly connectionOpened: Handlers<'connectionOpened'> = [];
  readonly connectionClosed: Handlers<'connectionClosed'> = [];
  readonly sessionAttached: Handlers<'sessionAttached'> = [];
  readonly sessionExpired: Handlers<'sessionExpired'> = [];
  readonly sessionEnded: Handlers<'sessionEnded'> = [];
  readonly request: Handlers<'request'> = [];
  readonly response: Handlers<'response'> = [];
  /** Those of `request` and `response` that want pings as well. */
  readonly pingRequest: Handlers<'request'> = [];
  readonly pingResponse: Handlers<'response'> = [];
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
    for (const [name, handlers] of Object.entries(this) as [string, unknown[]][]) {
      const handler: unknown = Reflect.get(listener, EVENT_OF_PINGS[name] ?? name);
      if (typeof handler !== 'function' || (name in EVENT_OF_PINGS && listener.withoutPings === true)) continue;
      handlers.push(handler.bind(listener));
    }
  }
}

const EVENT_OF_PINGS: Readonly<Record<string, Event>> = { pingRequest: 'request', pingResponse: 'response' };
