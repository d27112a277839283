import type { BothEnds, LostBetween } from '../capture/hosts.js';
import {
  TO_CLIENT,
  TO_SERVER,
  type ConnectionEnd,
  type Direction,
  type Endpoint,
  type Moment,
} from '../network/connection.js';
import { StreamFacts } from '../network/streamFacts.js';
import type { TcpEventKind } from '../network/tcpEvents.js';

export { StreamFacts, TO_CLIENT, TO_SERVER };
export type { BothEnds, LostBetween };
export type { ConnectionEnd, Direction, Endpoint, Moment, TcpEventKind };

/** What one segment was beside its payload, told when it came (see TcpEventKind). */
export interface TcpEvent {
  readonly kind: TcpEventKind;
  /** Direction in which the segment went. */
  readonly direction: Direction;
  readonly frame: number;
  readonly time: number;
}

/**
 * One TCP connection as the stream of observations has described it: a row of facts that the stream owns and brings up to
 * date before it tells an observation. Nothing in it changes in between. Of a direction, TCP's events are in it as soon as
 * they are told (`fin`, `rst`, repetitions, zero windows); what changes with every packet (counts, latest packets,
 * positions) is that of the latest `acknowledged` and, complete, of `closed`.
 */
export class ConnectionFacts {
  /** Name of the protocol of its latest message (`zookeeper`, `zab`, `etcd` …), before the first that of its port. */
  protocol: string | null = null;
  /** What the stranger is where the port belongs to a protocol but the bytes do not: `TLS`, `HTTP` … */
  foreign: string | null = null;
  /** TLS was spoken on it: what its other messages say travelled encrypted. */
  secured = false;
  /** First SYN, how many times it was sent (same sequence number), and the last of them. */
  syn: Moment | null = null;
  synCount = 0;
  lastSyn: Moment | null = null;
  synAck: Moment | null = null;
  /** RST that answered the SYN. */
  refused: Moment | null = null;
  /** How the end was seen; `open` while it lives, and at the end of the capture. */
  end: ConnectionEnd = 'open';
  endMoment: Moment | null = null;
  /** Null where it was captured at one end; of one that was at both, known when it has ended. */
  bothEnds: BothEnds | null = null;
  readonly toServer = new StreamFacts();
  readonly toClient = new StreamFacts();

  constructor(
    /** Number in order of first packet over all TCP connections of the capture, from 0 (Wireshark's tcp.stream). */
    readonly id: number,
    readonly client: Endpoint,
    readonly server: Endpoint,
    /** First packet of any kind. */
    readonly start: Moment,
    /** Neither SYN nor SYN-ACK was captured: what came before is unknown. */
    readonly midStream: boolean,
  ) {}

  stream(direction: Direction): StreamFacts {
    return direction === TO_SERVER ? this.toServer : this.toClient;
  }
}

/** How far the receiver of `direction` has acknowledged, and the segment that said so. */
export interface Acknowledgement {
  readonly direction: Direction;
  readonly frame: number;
  readonly time: number;
  readonly acked: number;
  readonly finAcked: boolean;
}

/** Notes an acknowledgement. What had been sent again up to there is in doubt no more. */
export function applyAcknowledgement(
  connection: ConnectionFacts,
  { direction, frame, time, acked, finAcked }: Acknowledgement,
): void {
  const facts = connection.stream(direction);
  facts.acked = acked;
  facts.ackedFrame = frame;
  facts.ackedTime = time;
  facts.finAcked = finAcked;
  facts.unackedRetransmissions = 0;
  facts.firstUnackedRetransmission = null;
  sentBy(direction === TO_SERVER ? connection.toClient : connection.toServer, frame, time);
}

/** Notes what a segment was. */
export function applyTcpEvent(connection: ConnectionFacts, { kind, direction, frame, time }: TcpEvent): void {
  const moment = { frame, time };
  const facts = connection.stream(direction);
  sentBy(facts, frame, time);
  switch (kind) {
    case 'syn':
    case 'synRetransmission':
      connection.syn ??= moment;
      connection.lastSyn = moment;
      connection.synCount++;
      return;
    case 'synAck':
      connection.synAck ??= moment;
      return;
    case 'refused':
      connection.refused ??= moment;
      facts.rst ??= moment;
      return;
    case 'fin':
      facts.fin ??= moment;
      return;
    case 'finRetransmission':
      facts.finRepeats++;
      return;
    case 'rst':
      facts.rst ??= moment;
      return;
    case 'retransmission':
      facts.retransmissions++;
      facts.unackedRetransmissions++;
      facts.firstUnackedRetransmission ??= moment;
      return;
    case 'keepAlive':
      facts.keepAlives++;
      return;
    case 'zeroWindow':
      facts.zeroWindows++;
      return;
    case 'dsack':
    case 'outOfOrder':
  }
}

function sentBy(facts: StreamFacts, frame: number, time: number): void {
  if (frame <= facts.lastFrame) return;
  facts.lastFrame = frame;
  facts.lastTime = time;
}
