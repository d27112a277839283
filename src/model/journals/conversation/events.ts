import type { ConnectionFacts } from '../../../observations/connectionFacts.js';
import type { TcpEventKind } from '../../../observations/connectionFacts.js';
import type { MessageRecord } from '../../../observations/record.js';

interface Event {
  readonly connection: ConnectionFacts;
  readonly frame: number;
  /** Nanoseconds on the run's clock. */
  readonly time: number;
  /** Order in which it was told, among those of one frame. */
  order: number;
}

/** A request; its answer stands with it, and again as an event of its own where something came in between. */
export interface RequestEvent extends Event {
  readonly type: 'request';
  readonly op: string | null;
  readonly record: MessageRecord;
  answer: ResponseEvent | null;
  /** The answer was the very next thing. */
  adjacent: boolean;
  readonly streamEnd: number;
}

export interface ResponseEvent extends Event {
  readonly type: 'response';
  readonly op: string | null;
  readonly record: MessageRecord;
  readonly request: RequestEvent | null;
  /** Nanoseconds since the request. */
  readonly latency: number | null;
}

export interface NotificationEvent extends Event {
  readonly type: 'notification';
  readonly record: MessageRecord;
  readonly streamEnd: number;
}

/** Pings in a row with nothing else between them. */
export interface PingsEvent extends Event {
  readonly type: 'pings';
  count: number;
  answered: number;
  lastFrame: number;
  lastTime: number;
  /** Time of the latest ping request. */
  lastRequest: number;
  shortest: number;
  longest: number;
  slowest: number;
}

export interface GapEvent extends Event {
  readonly type: 'gap';
  readonly record: MessageRecord;
}

/** TCP's own: one segment, or several of the kind in a row. */
export interface TcpRowEvent extends Event {
  readonly type: 'tcp';
  readonly kind: TcpEventKind;
  readonly toServer: boolean;
  count: number;
  lastFrame: number;
  lastTime: number;
}

/**
 * Connections of the session's host while the session had none, and that gave no session: attempts to come back, if they
 * were of the same client, which nothing shows.
 */
export interface AttemptsEvent extends Event {
  readonly type: 'attempts';
  readonly outcome: 'refused' | 'noSynAck' | 'noAnswer' | 'nothingSaid';
  count: number;
  lastFrame: number;
  lastTime: number;
  readonly servers: Set<string>;
}

export type LadderEvent =
  RequestEvent | ResponseEvent | NotificationEvent | PingsEvent | GapEvent | TcpRowEvent | AttemptsEvent;

/** Time at which an event (a run of them) is over. */
export function endOf(event: LadderEvent): number {
  return 'lastTime' in event ? event.lastTime : event.time;
}
