import type { Count, Hex64, Integer, NotNegative, Ordinal, Seconds, Time, Tool } from '../../observations/values.js';
import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import type { Forgotten } from '../../model/index.js';
import type { CapturedPairEntry } from './bothEnds.js';
import type { Confidence, Severity } from '../../rules/finding.js';

/** Nanoseconds. */
const SECOND = 1e9;

/** A capture that was read.
 * @additionalProperties true */
export interface CaptureEntry {
  file: string;
  /** pcap, pcapng …; null where it was not found out */
  format: string | null;
  linkTypes: string[];
  packets: Count;
  bytes: Count;
  from: Time | null;
  to: Time | null;
  /** number of its first frame: with several captures the numbers run on; null without packets */
  firstFrame: Ordinal | null;
  truncated: boolean;
  /** The reading was ended by a signal; `bytes` is how far it came. */
  interrupted?: true;
  problems: string[];
  /** where it was captured, if captures are of several hosts */
  host?: string;
  /** how its host's clock was set right */
  clock?: ClockEntry;
  /** of a stream of lines: the hosts that they name, where there are several */
  hosts?: HostClockEntry[];
}

/** A host, and its clock.
 * @additionalProperties false */
export interface HostClockEntry {
  host: string;
  clock?: ClockEntry;
}

/** How the clock of a host was set right against that of the first host.
 * @additionalProperties false */
export interface ClockEntry {
  /** seconds that were added to its times */
  corrected: number;
  /** seconds by which that may be wrong; null where nothing is known of it */
  uncertainty: NotNegative | null;
  /** by --clock */
  given: boolean;
  /** seconds that should have been added, where lines of a stream could not be set right; absent where none should */
  estimated?: number;
}

/** seconds from the request to its answer; percentiles are right to 1 %
 * @additionalProperties false */
export interface LatencyEntry {
  p50: Seconds;
  p90: Seconds;
  p99: Seconds;
  max: Seconds;
}

/** One operation's numbers.
 * @additionalProperties false */
export interface OperationEntry {
  requests: Count;
  errors: Count;
  /** how often each error was the answer; absent where none was */
  errorsByName?: Record<string, Count>;
  /** seconds; absent while none was answered */
  latency?: LatencyEntry;
}

export interface GapBytesEntry {
  /** sent, and not in the capture */
  missing: Count;
  /** captured, and not decoded: behind a gap, before the next message could be found */
  unaligned: Count;
  /** captured, and of another protocol on the port */
  foreign: Count;
  /** captured, and TLS without a key */
  encrypted: Count;
}

export interface SummaryEntry {
  connections: Count;
  sessions: Count;
  messages: Count;
  requests: Count;
  responses: Count;
  notifications: Count;
  pings: Count;
  /** requests whose answer is not in the capture */
  unanswered: Count;
  gaps: Count;
  gapBytes: Count;
  /** the one direction that the capture holds of ZooKeeper's connections, where the other is not in it at all */
  onlyDirection: 'toServer' | 'toClient' | null;
  /** `gapBytes` by kind */
  gapBytesBy: GapBytesEntry;
  byOp: Record<string, OperationEntry>;
  servers: ServerEntry[];
  /** what was too much to keep, oldest first: what it concerns is unknown, and proves nothing */
  forgotten: Forgotten;
  /** messages of other protocols (etcd, tls, zab …), which the numbers above leave out */
  protocols: Record<string, ProtocolEntry>;
  /** connections that were captured at both ends, and what was lost between the two points; absent where none was */
  pairs?: CapturedPairEntry[];
}

export interface ProtocolEntry {
  connections: Count;
  messages: Count;
  requests: Count;
  responses: Count;
}

export interface ServerEntry {
  server: string;
  connections: Count;
  sessions: Count;
  requests: Count;
  responses: Count;
}

export interface SessionEntry {
  session: Hex64 | null;
  client: string;
  clients: string[];
  servers: string[];
  connections: Count;
  /** milliseconds, granted; null if not captured */
  timeout: Integer | null;
  /** milliseconds, asked for; null if not captured */
  timeoutAsked: Integer | null;
  from: Time;
  to: Time;
  end: 'closed' | 'expired' | 'lost' | 'open';
  /** the handshake that made it is in the capture */
  startCaptured: boolean;
  requests: Count;
  responses: Count;
  pings: Count;
  notifications: Count;
  watches: Count;
  ephemerals: Count;
  /** longest time in which the servers heard nothing of it, in seconds */
  longestSilence: Seconds;
  /** places where bytes of it are missing from the capture */
  gaps: Count;
  /** the session of the same host that seems to follow it */
  successor?: Hex64;
}

/** A frame that proves it.
 * @additionalProperties false */
export interface EvidenceEntry {
  frame: Ordinal;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  text: string;
}

/** One incident.
 * @additionalProperties false */
export interface FindingEntry {
  rule: string;
  severity: Severity;
  confidence: Confidence;
  title: string;
  message: string;
  remedy: string;
  /** ip:port of one connection, ip of a host */
  client?: string;
  server?: string;
  session?: Hex64 | null;
  connection?: Count;
  path?: string;
  from: Time;
  to: Time;
  evidence: EvidenceEntry[];
  /** what the rule measured; of captures of several hosts `frames` has `hosts` beside it, `frame` has `host` */
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
  tool: Tool;
  captures: CaptureEntry[];
  summary: SummaryEntry;
  sessions: SessionEntry[];
  /** by severity, then by time */
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
    ...hostEntry(info.file, clock),
  };
}

/** The host of a capture, where there are several, and what is known of its clock. */
function hostEntry(file: string, { hosts }: Clock): Pick<CaptureEntry, 'host' | 'clock' | 'hosts'> {
  if (!hosts.several) return {};
  if (hosts.inLines) return { hosts: hosts.names.map((host) => hostClockEntry(host, hosts)) };
  const host = hosts.names[hosts.indexOf(file)];
  return host === undefined || hosts.clockOf(host) === null ? {} : hostClockEntry(host, hosts);
}

function hostClockEntry(host: string, hosts: Clock['hosts']): HostClockEntry {
  const known = hosts.clockOf(host);
  if (known === null) return { host };
  const { offset, uncertainty, given, estimate } = known;
  return {
    host,
    clock: {
      corrected: offset / SECOND,
      uncertainty: uncertainty === null ? null : uncertainty / SECOND,
      given,
      ...(estimate === undefined ? {} : { estimated: estimate / SECOND }),
    },
  };
}
