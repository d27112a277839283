import type { Connection } from '../../network/connection.js';
import type { Segment } from '../../network/segment.js';
import { isFiltering, type FilterOptions, type MessageFilter } from '../../observations/filter.js';
import { sinkOf, type Sink } from '../../observations/forward.js';
import type { Message } from '../../protocols/registry.js';
import { FrameSet } from '../../report/analyze/filter.js';
import { PacketIndex } from './packetIndex.js';

/** A connection that is understood, for those who choose among them. Times are nanoseconds on the run's clock. */
export interface IndexedConnection {
  readonly id: number;
  /** `ip:port`. */
  readonly client: string;
  readonly server: string;
  readonly clientIp: string;
  readonly serverIp: string;
  readonly from: number;
  /** Its latest segment. */
  to: number;
  readonly sessions: Set<string>;
}

/** A message in several segments. */
interface Span {
  readonly connection: number;
  readonly first: number;
  readonly last: number;
}

/** What a capture is looked through for, so that parts of it can be cut out. */
export class Selection {
  readonly index = new PacketIndex();
  readonly connections = new Map<number, IndexedConnection>();
  /** Connections of which something passes the filter. */
  readonly chosen = new Set<number>();
  /** Frames that pass themselves. */
  readonly frames = new FrameSet();
  private readonly spans: Span[] = [];
  /** The filter asks for packets by their ends, numbers and times alone. */
  private readonly asksForPackets: boolean;

  constructor(
    wanted: FilterOptions,
    private readonly filter: MessageFilter | null,
    /** False where something else chooses. */
    private readonly choosing = true,
  ) {
    const { ops, kinds, sessions, paths, errors } = wanted;
    this.asksForPackets =
      isFiltering(wanted) && [ops, kinds, sessions, paths, errors].every((list) => list.length === 0);
  }

  /** To be told of everything that is read. */
  get sink(): Sink {
    return sinkOf({
      opened: ({ id, client, server, start }) => {
        const [clientIp, serverIp] = [client.ip, server.ip];
        const ends = { client: client.text, server: server.text, clientIp, serverIp };
        this.connections.set(id, { id, ...ends, from: start.time, to: start.time, sessions: new Set() });
        if (this.choosing && this.filter === null) this.chosen.add(id);
      },
      message: (message, connection) => {
        this.remember(message, connection.id);
        if (this.choosing && this.filter?.message(message, connection) !== false) this.choose(message, connection.id);
      },
      gap: (gap, connection) => {
        if (this.filter?.gap(gap, connection) === true) this.chosen.add(connection.id);
      },
    });
  }

  /** To be called for each segment. */
  segment(segment: Segment, connection: Connection): void {
    this.index.add(segment, connection);
    const known = this.connections.get(connection.id);
    if (known !== undefined) known.to = segment.time;
    if (!this.asksForPackets || this.filter?.place(connection, segment.frame, segment.time) !== true) return;
    this.chosen.add(connection.id);
    this.frames.add(segment.frame);
  }

  /**
   * Adds the frames between the first and the last of each message that passed (its other segments, and what acknowledges
   * them), and fragments.
   */
  completeFrames(): void {
    for (const { connection, first, last } of this.spans) {
      for (let frame = first; frame < last; frame++) {
        if (this.index.connectionOf(frame) === connection) this.frames.add(frame);
      }
    }
    this.spans.length = 0;
    this.index.addFragments(this.frames);
  }

  private remember(message: Message, id: number): void {
    if (message.protocol !== 'zookeeper') return;
    const { session } = message;
    if (session !== null) this.connections.get(id)?.sessions.add(session);
  }

  private choose({ frame, firstFrame }: Message, id: number): void {
    this.chosen.add(id);
    this.frames.add(frame);
    if (firstFrame < frame) this.spans.push({ connection: id, first: firstFrame, last: frame });
  }
}
