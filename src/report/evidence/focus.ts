/** What a row of a ladder is: a frame that the finding cites, one that belongs to it, or messages that were left out. */
export type RowKind = 'evidence' | 'context' | 'other' | 'tcp' | 'omitted';

/** One line between two sides of a connection, or of another one that mattered. Times are nanoseconds on the run's clock. */
export interface LadderRow {
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

interface Seen {
  readonly frame: number;
  readonly time: number;
  readonly op: string;
}

const CONTEXT_ROWS = 40;
const SEEN = 20_000;
const LABELS = 3;

interface Cited {
  readonly cited: CitedFrame;
  direction: LadderRow['direction'];
  client: string | null;
  server: string | null;
  connection: number | null;
  labels: string[];
  more: number;
  tcp: string;
}

/** Gathers, while the capture is read again, what the ladder of one finding shows. Bounded. */
export class Focus {
  readonly first: number;
  readonly last: number;
  /** TCP connections of the evidence, as far as they are known yet. */
  readonly connections = new Set<number>();
  private readonly rows: LadderRow[] = [];
  private readonly rowFrames = new Set<string>();
  private readonly cited = new Map<number, Cited>();
  private readonly seen: Seen[] = [];
  private seenMore = 0;

  constructor(
    frames: readonly CitedFrame[],
    private readonly subject: { readonly path: string | null },
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
      first = Math.min(first, cited.frame);
      last = Math.max(last, cited.frame);
    }
    this.first = first;
    this.last = last;
  }

  get frames(): Iterable<number> {
    return this.cited.keys();
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

  /** A frame of the evidence's connections that explains it: the request that a cited answer belongs to, a FIN … */
  context(row: LadderRow): void {
    const key = `${row.frame} ${row.kind}`;
    if (this.cited.has(row.frame) || this.rows.length >= CONTEXT_ROWS || this.rowFrames.has(key)) return;
    this.rowFrames.add(key);
    this.rows.push(row);
  }

  /** A message of the evidence's connections which is only counted. */
  passed(frame: number, time: number, op: string): void {
    if (this.seen.length < SEEN) this.seen.push({ frame, time, op });
    else this.seenMore++;
  }

  /** The ladder in order of frames. */
  ladder(): LadderRow[] {
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
    rows.sort((a, b) => a.frame - b.frame);
    return this.withOmitted(rows);
  }

  private withOmitted(rows: readonly LadderRow[]): LadderRow[] {
    const shown = new Set(rows.map((row) => row.frame));
    const result: LadderRow[] = [];
    const seen = this.seen.filter(({ frame }) => !shown.has(frame)).sort((a, b) => a.frame - b.frame);
    let at = 0;
    for (const [i, row] of rows.entries()) {
      const between: Seen[] = [];
      for (; at < seen.length && seen[at]!.frame < row.frame; at++) if (i > 0) between.push(seen[at]!);
      if (between.length > 0) result.push(omitted(between));
      result.push(row);
    }
    if (this.seenMore > 0 && result.length > 0) {
      const { frame, time } = result.at(-1)!;
      result.push({
        ...NOBODY,
        frame,
        time,
        label: `and ${this.seenMore} more messages that were not counted by kind`,
      });
    }
    return result;
  }
}

const NOBODY = { kind: 'omitted', direction: null, client: null, server: null, connection: null, note: '' } as const;

function omitted(seen: readonly Seen[]): LadderRow {
  const counts = new Map<string, number>();
  for (const { op } of seen) counts.set(op, (counts.get(op) ?? 0) + 1);
  const label = [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([op, count]) => `${count} × ${op}`)
    .join(', ');
  return { ...NOBODY, frame: seen[0]!.frame, time: seen[0]!.time, label };
}
