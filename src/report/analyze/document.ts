import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import type { Forgotten } from '../../model/index.js';
import type { Confidence, Severity } from '../../rules/finding.js';

/** `captures[]` of OUTPUT's analyze document. */
export interface CaptureEntry {
  file: string;
  format: string | null;
  linkTypes: string[];
  packets: number;
  bytes: number;
  from: string | null;
  to: string | null;
  /** Number of its first frame: with several captures the numbers run on. Null without packets. */
  firstFrame: number | null;
  truncated: boolean;
  /** The reading was ended by a signal; `bytes` is how far it came. */
  interrupted?: true;
  problems: string[];
}

export interface LatencyEntry {
  p50: number;
  p90: number;
  p99: number;
  max: number;
}

export interface OperationEntry {
  requests: number;
  errors: number;
  /** Seconds. Absent while none was answered. */
  latency?: LatencyEntry;
}

export interface SummaryEntry {
  connections: number;
  sessions: number;
  messages: number;
  requests: number;
  responses: number;
  notifications: number;
  pings: number;
  unanswered: number;
  gaps: number;
  gapBytes: number;
  byOp: Record<string, OperationEntry>;
  servers: ServerEntry[];
  /** What was too much to keep: what it concerns is unknown, and proves nothing. */
  forgotten: Forgotten;
  /** Protocols other than ZooKeeper's client protocol (etcd, tls, zab …), which the numbers above leave out. */
  protocols: Record<string, ProtocolEntry>;
}

export interface ProtocolEntry {
  connections: number;
  messages: number;
  requests: number;
  responses: number;
}

export interface ServerEntry {
  server: string;
  connections: number;
  sessions: number;
  requests: number;
  responses: number;
}

export interface SessionEntry {
  session: string | null;
  client: string;
  clients: string[];
  servers: string[];
  connections: number;
  /** Milliseconds, granted and asked for; null if not captured. */
  timeout: number | null;
  timeoutAsked: number | null;
  from: string;
  to: string;
  end: 'closed' | 'expired' | 'lost' | 'open';
  /** The handshake that made it is in the capture. */
  startCaptured: boolean;
  requests: number;
  responses: number;
  pings: number;
  notifications: number;
  watches: number;
  ephemerals: number;
  /** Seconds. */
  longestSilence: number;
  /** Places where bytes of it are missing from the capture. */
  gaps: number;
  successor?: string;
}

export interface EvidenceEntry {
  frame: number;
  time: string;
  text: string;
}

export interface FindingEntry {
  rule: string;
  severity: Severity;
  confidence: Confidence;
  title: string;
  message: string;
  remedy: string;
  client?: string;
  server?: string;
  session?: string | null;
  connection?: number;
  path?: string;
  from: string;
  to: string;
  evidence: EvidenceEntry[];
  data: Record<string, unknown>;
  /** What was broken and, as far as the capture goes, stayed so. */
  unrepaired?: string;
  /** Its number among all findings of the capture, by severity and time, from 1; also of those that filters keep out. */
  id: number;
  /** Number of the finding that explains it; null where none does. */
  cause: number | null;
  /** Number of the incident that it belongs to. */
  incident: number;
}

/** Findings that one event explains. */
export interface IncidentEntry {
  /** From 1; the worst come first. */
  incident: number;
  severity: Severity;
  title: string;
  /** Addresses of the clients that were hit, or of the servers where no client is named. */
  hosts: string[];
  from: string;
  to: string;
  /** Numbers (`id`) of its findings: the cause first, then what followed, in order of time. */
  findings: number[];
  /** What was never put right, as far as the capture goes. */
  unrepaired: string[];
  /** What to run next: `zkscope COMMAND ARGUMENT CAPTURE`; `rules` takes no capture. */
  next: { command: 'follow' | 'path' | 'rules'; argument: string };
}

/** What `zkscope analyze --json` prints. */
export interface AnalyzeDocument {
  schemaVersion: 1;
  tool: { name: 'zkscope'; version: string };
  captures: CaptureEntry[];
  summary: SummaryEntry;
  sessions: SessionEntry[];
  findings: FindingEntry[];
  incidents: IncidentEntry[];
}

export function captureEntry(info: CaptureInfo, clock: Clock): CaptureEntry {
  return {
    file: info.file,
    format: info.format,
    linkTypes: [...info.linkTypes],
    packets: info.packets,
    bytes: info.bytes,
    from: info.from === null ? null : clock.format(info.from),
    to: info.to === null ? null : clock.format(info.to),
    firstFrame: info.firstFrame,
    truncated: info.truncated,
    ...(info.interrupted ? { interrupted: true } : {}),
    problems: [...info.problems],
  };
}
