import type { Moment } from '../../../observations/connectionFacts.js';

/** What a row of a ladder is: a frame that the finding cites, one that belongs to it, or messages that were left out. */
export type RowKind = 'evidence' | 'context' | 'other' | 'tcp' | 'omitted';

/** One line between two sides of a connection, or of another one that mattered. Times are nanoseconds on the run's clock. */
export interface EvidenceRow {
  readonly kind: RowKind;
  /** Frame, and for `omitted` the first of them. */
  readonly frame: number;
  readonly time: number;
  /** `request`: from client to server; null where the capture was not read again, or the frame carries no TCP. */
  readonly direction: 'request' | 'response' | null;
  readonly client: string | null;
  readonly server: string | null;
  /** Number of the TCP connection (Wireshark's tcp.stream in a single capture); null if unknown. */
  readonly connection: number | null;
  /** What the frame carries. */
  readonly label: string;
  /** What the finding says of it; empty where it says nothing. */
  readonly note: string;
}

/** A frame that a ladder is to show, with what is said of it. */
export interface CitedFrame {
  readonly frame: number;
  readonly time: number;
  readonly text: string;
  readonly kind: 'evidence' | 'other';
}

/** Messages between two cited frames that are only counted, by operation. */
interface Passed {
  readonly frame: number;
  readonly time: number;
  readonly counts: Map<string, number>;
}

const CONTEXT_ROWS = 40;
const OPERATIONS = 64;
const LABELS = 3;

interface Cited {
  readonly cited: CitedFrame;
  direction: EvidenceRow['direction'];
  client: string | null;
  server: string | null;
  connection: number | null;
  labels: string[];
  more: number;
  tcp: string;
}

/** Gathers, while the capture is read again, what the ladder of one finding shows. Bounded. */
export class Focus {
  /** Places of the first and the last cited frame, as `place` has them. */
  readonly first: number;
  readonly last: number;
  /** TCP connections of the evidence, as far as they are known yet. */
  readonly connections = new Set<number>();
  private readonly rows: EvidenceRow[] = [];
  private readonly rowFrames = new Set<string>();
  private readonly cited = new Map<number, Cited>();
  /** By the number of cited frames before them. */
  private readonly between: (Passed | undefined)[] = [];
  private readonly order: readonly number[];

  constructor(
    frames: readonly CitedFrame[],
    private readonly subject: { readonly path: string | null },
    /** Frames of several hosts follow each other by their times. */
    private readonly byTime = false,
  ) {
    let [first, last] = [Infinity, 0];
    for (const cited of frames) {
      if (this.cited.has(cited.frame)) continue;
      this.cited.set(cited.frame, {
        cited,
        direction: null,
        client: null,
        server: null,
        connection: null,
        labels: [],
        more: 0,
        tcp: '',
      });
      first = Math.min(first, this.place(cited));
      last = Math.max(last, this.place(cited));
    }
    this.first = first;
    this.last = last;
    this.order = [...this.cited.values()].map(({ cited }) => this.place(cited)).sort((a, b) => a - b);
  }

  /** Where a frame stands among others: by its number, or by its time. */
  place({ frame, time }: Moment): number {
    return this.byTime ? time : frame;
  }

  /** Cited frames, each with its time. */
  get frames(): Iterable<[frame: number, time: number]> {
    return [...this.cited.values()].map(({ cited: { frame, time } }) => [frame, time]);
  }

  /** TCP facts of a cited frame. */
  segment(
    frame: number,
    facts: { direction: 'request' | 'response'; client: string; server: string; connection: number; text: string },
  ): void {
    const cited = this.cited.get(frame);
    if (cited === undefined) return;
    cited.direction = facts.direction;
    cited.client = facts.client;
    cited.server = facts.server;
    cited.connection = facts.connection;
    cited.tcp = facts.text;
    if (cited.cited.kind === 'evidence') this.connections.add(facts.connection);
  }

  /** A message that a cited frame completed. */
  message(
    frame: number,
    label: string,
    path: string | null,
    from: { direction: 'request' | 'response'; client: string; server: string; connection: number },
  ): void {
    const cited = this.cited.get(frame);
    if (cited === undefined) return;
    Object.assign(cited, from);
    if (cited.cited.kind === 'evidence') this.connections.add(from.connection);
    // What is about the finding's own path comes first.
    if (path !== null && path === this.subject.path) cited.labels.unshift(label);
    else cited.labels.push(label);
    if (cited.labels.length > LABELS) {
      cited.labels.pop();
      cited.more++;
    }
  }

  /**
   * A frame of the evidence's connections that explains it: the request that a cited answer belongs to, a FIN …
   * @param op operation under which it was told to `passed`; null if it was not
   */
  context(row: EvidenceRow, op: string | null): void {
    const key = `${row.frame} ${row.kind}`;
    if (this.cited.has(row.frame) || this.rows.length >= CONTEXT_ROWS || this.rowFrames.has(key)) return;
    this.rowFrames.add(key);
    this.rows.push(row);
    if (op === null) return;
    const counts = this.between[this.citedBefore(this.place(row))]?.counts;
    const counted = counts?.get(op) ?? 0;
    if (counted > 0) counts?.set(op, counted - 1);
  }

  /** A message of the evidence's connections which is only counted. */
  passed(frame: number, time: number, op: string): void {
    if (this.cited.has(frame)) return;
    const { counts } = (this.between[this.citedBefore(this.place({ frame, time }))] ??= {
      frame,
      time,
      counts: new Map<string, number>(),
    });
    const name = counts.has(op) || counts.size < OPERATIONS ? op : 'other';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  /** How many cited frames come before a place. */
  private citedBefore(place: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.order[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The ladder in the order of the capture. */
  ladder(): EvidenceRow[] {
    const rows = [...this.rows];
    for (const { cited, direction, client, server, connection, labels, more, tcp } of this.cited.values()) {
      const label = labels.length > 0 ? `${labels.join(' · ')}${more > 0 ? ` · ${more} more` : ''}` : tcp;
      rows.push({
        kind: cited.kind,
        frame: cited.frame,
        time: cited.time,
        direction,
        client,
        server,
        connection,
        label,
        note: cited.text,
      });
    }
    for (const passed of this.between) {
      const row = passed === undefined ? null : omitted(passed);
      if (row !== null) rows.push(row);
    }
    return rows.sort((a, b) => this.place(a) - this.place(b));
  }
}

const NOBODY = { kind: 'omitted', direction: null, client: null, server: null, connection: null, note: '' } as const;

function omitted({ frame, time, counts }: Passed): EvidenceRow | null {
  const label = [...counts]
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([op, count]) => `${count} × ${op}`)
    .join(', ');
  return label === '' ? null : { ...NOBODY, frame, time, label };
}
