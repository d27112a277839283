import type { Count, Hex64, Seconds } from '../../observations/values.js';

/**
 * All that a report shows, as plain data: the HTML page carries it as JSON, the Markdown is written from it. Times named
 * `at`, `from`, `to` are seconds since 00:00 UTC of `day`; durations are seconds. Text of the capture is escaped for
 * control characters, and for nothing else.
 */
export interface ReportData {
  readonly version: string;
  readonly captures: readonly CaptureData[];
  readonly verdict: VerdictData;
  /** What the times are those of: UTC, +08:00, Asia/Shanghai. */
  readonly zone: string;
  /** Day of the first frame, `2026-11-21`; null where there is none. */
  readonly day: string | null;
  readonly from: number | null;
  readonly to: number | null;
  /** The finest first. */
  readonly levels: readonly LevelData[];
  /** Servers by the number that lanes call them. */
  readonly servers: readonly string[];
  readonly lanes: readonly LaneData[];
  /** What the lanes do not show; null if they show every session. */
  readonly lanesNote: string | null;
  readonly findings: readonly FindingData[];
  /** One story each, the worst first. */
  readonly incidents: readonly IncidentData[];
  /** Findings that are not in the report in full; null if all are. */
  readonly findingsNote: string | null;
  readonly tables: readonly TableData[];
}

/** Findings that one event explains. */
export interface IncidentData {
  readonly number: Count;
  readonly severity: 'error' | 'warning' | 'info';
  readonly title: string;
  /** Clients that were hit, or servers where no client is named. */
  readonly hosts: readonly string[];
  readonly fromText: string;
  readonly toText: string;
  /** Numbers of its findings here: the cause first, then what followed, in order of time. */
  readonly findings: readonly Count[];
  /** What was never put right, as far as the capture goes. */
  readonly unrepaired: readonly string[];
  /** The command that shows more of it. */
  readonly next: string;
}

export interface CaptureData {
  readonly file: string;
  readonly format: string | null;
  readonly packets: Count;
  readonly bytes: Count;
  readonly from: string | null;
  readonly to: string | null;
  readonly truncated: boolean;
  /** The reading was ended by a signal. */
  readonly interrupted?: true;
}

export interface VerdictData {
  readonly tone: 'error' | 'warning' | 'info' | 'good' | 'empty';
  readonly headline: string;
  /** The worst findings, one plain sentence each. */
  readonly sentences: readonly { readonly finding: number | null; readonly text: string }[];
  /** What was captured, in numbers. */
  readonly counted: string;
  /** What the capture could not show: losses, sessions older than it. */
  readonly unseen: readonly string[];
}

/** counts in buckets of `width` seconds, from `from` of the report on; latencies in seconds */
export interface LevelData {
  readonly width: Seconds;
  readonly operations: readonly Count[];
  readonly pings: readonly Count[];
  readonly errors: readonly Count[];
  readonly notifications: readonly Count[];
  readonly p50: readonly (Seconds | null)[];
  readonly p99: readonly (Seconds | null)[];
  /** requests without an answer at the end of the bucket */
  readonly waiting: readonly Count[];
  /** the longest that any of them had waited by then */
  readonly longestWait: readonly Seconds[];
  /** requests, pings among them, by server */
  readonly byServer: readonly { readonly server: string; readonly requests: readonly Count[] }[];
  readonly sessions: readonly Count[];
}

/** seconds since 00:00 UTC of `day` */
export type Offset = number;

export interface LaneData {
  readonly session: Hex64 | null;
  readonly client: string;
  readonly end: 'open' | 'closed' | 'expired' | 'lost';
  readonly endAt: number | null;
  /** Numbers of the findings that name the session. */
  readonly findings: readonly Count[];
  readonly connected: readonly { from: Offset; to: Offset; server: Count; end: string }[];
  readonly silent: readonly { from: Offset; to: Offset }[];
  /** A request of it waited for its answer. */
  readonly waiting: readonly { from: Offset; to: Offset }[];
  readonly pinging: readonly { from: Offset; to: Offset }[];
  readonly events: readonly { at: Offset; frame: Count; host?: string; count: Count; text: string }[];
  readonly windows: readonly {
    from: Offset;
    to: Offset;
    changed: boolean;
    frame: Count;
    host?: string;
    text: string;
  }[];
  /** From when to when an older list was in use, if the client goes by its read without a watch. */
  readonly stale: readonly { from: Offset; to: Offset }[];
  readonly expired: number | null;
  readonly holes: readonly number[];
}

export interface FindingData {
  readonly number: Count;
  readonly rule: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly confidence: 'proven' | 'likely' | 'possible';
  readonly title: string;
  readonly message: string;
  readonly remedy: string;
  readonly facts: readonly FactData[];
  readonly from: number;
  readonly to: number;
  readonly fromText: string;
  readonly toText: string;
  readonly frames: readonly Count[];
  /** where each of `frames` was captured, if captures are of several hosts */
  readonly hosts?: readonly string[];
  readonly ladder: readonly LadderRowData[];
  /** Wireshark's display filters */
  readonly filters: readonly FilterData[];
  /** What the rule measured, one table each: blind windows, the clients that were hit. */
  readonly tables: readonly TableData[];
}

/** One of Wireshark's display filters. */
export interface FilterData {
  /** the host to whose capture it belongs, where there are several */
  readonly host?: string;
  readonly name: string;
  readonly text: string;
}

export interface FactData {
  readonly name: string;
  readonly values: readonly string[];
  /** Values that are names of the capture rather than words. */
  readonly code: boolean;
}

export interface LadderRowData {
  readonly kind: 'evidence' | 'context' | 'other' | 'tcp' | 'omitted';
  readonly frame: number;
  /** where that frame was captured, if captures are of several hosts */
  readonly host?: string;
  readonly at: number;
  readonly time: string;
  readonly direction: 'request' | 'response' | null;
  readonly client: string | null;
  readonly server: string | null;
  readonly label: string;
  readonly note: string;
}

export type CellKind = 'text' | 'code' | 'number' | 'frame' | 'seconds' | 'time' | 'findings';

export interface TableData {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly kind: CellKind }[];
  readonly rows: readonly (readonly (string | number | null)[])[];
  /** Column that the rows are sorted by to begin with, and whether downwards. */
  readonly sort: { readonly column: number; readonly down: boolean } | null;
}
