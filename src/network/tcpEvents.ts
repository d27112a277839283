import { TO_CLIENT, TO_SERVER, type Connection, type Direction, type StreamFacts } from './connection.js';
import { ACK, FIN, RST, SYN, type Segment } from './segment.js';

/**
 * What one segment was beside its payload. `retransmission` brought only bytes that had been seen; `refused` is the RST
 * that answers a SYN; `zeroWindow` begins a time in which its sender can take no more bytes.
 */
export type TcpEventKind =
  | 'syn'
  | 'synRetransmission'
  | 'synAck'
  | 'refused'
  | 'fin'
  | 'finRetransmission'
  | 'rst'
  | 'retransmission'
  | 'keepAlive'
  | 'zeroWindow';

export interface TcpEvent {
  readonly kind: TcpEventKind;
  readonly connection: Connection;
  /** Direction in which the segment went. */
  readonly direction: Direction;
  readonly frame: number;
  readonly time: number;
}

interface Counts {
  retransmissions: number;
  keepAlives: number;
  finRepeats: number;
  /** Its latest segments announced a window of 0. */
  closedWindow: boolean;
}

/**
 * Tells packet by packet what TCP's facts only count. Called after the reassembly has taken a segment, it compares the
 * facts with what they were: nothing is kept in the reassembly itself, and who does not ask pays nothing.
 */
export class TcpEvents {
  private readonly counts = new WeakMap<StreamFacts, Counts>();

  constructor(private readonly sink: (event: TcpEvent) => void) {}

  segment(connection: Connection, segment: Segment): void {
    const { frame, time, flags } = segment;
    const direction = connection.toServer.last?.frame === frame ? TO_SERVER : TO_CLIENT;
    const facts = connection.stream(direction);
    const before = this.countsOf(facts);
    const tell = (kind: TcpEventKind): void => {
      this.sink({ kind, connection, direction, frame, time });
    };
    if ((flags & SYN) !== 0) {
      if ((flags & ACK) !== 0) {
        if (connection.synAck?.frame === frame) tell('synAck');
      } else if (connection.lastSyn?.frame === frame) tell(connection.synCount > 1 ? 'synRetransmission' : 'syn');
    }
    // A FIN that is sent again says so itself, whatever bytes it repeats.
    const again = facts.finRepeats > before.finRepeats;
    if (facts.retransmissions > before.retransmissions && !again) tell('retransmission');
    if (facts.keepAlives > before.keepAlives) tell('keepAlive');
    const closed = segment.window === 0 && (flags & (SYN | FIN | RST)) === 0;
    if (closed && !before.closedWindow) tell('zeroWindow');
    if ((flags & FIN) !== 0) {
      if (facts.fin?.frame === frame) tell('fin');
      else if (again) tell('finRetransmission');
    }
    if ((flags & RST) !== 0 && facts.rst?.frame === frame)
      tell(connection.refused?.frame === frame ? 'refused' : 'rst');
    before.retransmissions = facts.retransmissions;
    before.keepAlives = facts.keepAlives;
    before.finRepeats = facts.finRepeats;
    before.closedWindow = closed;
  }

  private countsOf(facts: StreamFacts): Counts {
    let counts = this.counts.get(facts);
    if (counts === undefined) {
      counts = { retransmissions: 0, keepAlives: 0, finRepeats: 0, closedWindow: false };
      this.counts.set(facts, counts);
    }
    return counts;
  }
}
