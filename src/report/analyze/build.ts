import { capturedPairEntry } from './bothEnds.js';
import { errorName } from '../../protocols/zookeeper/format/errors.js';
import type { Model, OperationStats, Session } from '../../model/index.js';
import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import type { Analysis } from '../../rules/analysis.js';
import { type DataValue, type Finding, Instant } from '../../rules/finding.js';
import { type Incident, incidentsOf } from '../../rules/incident.js';
import { causeData } from '../../rules/support/affected.js';
import {
  type AnalyzeDocument,
  captureEntry,
  type FindingEntry,
  type IncidentEntry,
  type OperationEntry,
  type SessionEntry,
  type SummaryEntry,
} from './document.js';

const SECOND = 1e9;

/**
 * The document of `zkscope analyze --json`, of an analysis that has come to its end.
 * @param sessions whether it lists all sessions, of which there may be many thousand: the first screen needs none of them
 *   but those that were not seen whole, and these only where nothing was found
 */
export function analyzeDocument(
  analysis: Analysis,
  captures: readonly CaptureInfo[],
  clock: Clock,
  version = '0.0.0',
  sessions = true,
): AnalyzeDocument {
  const { model, findings } = analysis;
  const incidents = incidentsOf(findings);
  const places = new Map(incidents.flatMap((incident, place) => incident.findings.map((f) => [f, place + 1] as const)));
  const links = (finding: Finding): Pick<FindingEntry, 'id' | 'cause' | 'incident'> => ({
    id: analysis.numberOf(finding),
    cause: finding.cause === undefined ? null : analysis.numberOf(finding.cause),
    incident: places.get(finding) ?? 0,
  });
  return {
    schemaVersion: 1,
    tool: { name: 'zkscope', version },
    captures: captures.map((info) => captureEntry(info, clock)),
    summary: summaryEntry(model),
    sessions: [...model.sessions.all()]
      .filter(({ startKnown, holes }) => sessions || (findings.length === 0 && (!startKnown || holes > 0)))
      .map((session) => sessionEntry(session, model.lastTime, clock)),
    findings: findings.map((finding) => ({ ...findingEntry(finding, clock), ...links(finding) })),
    incidents: incidents.map((incident, place) => incidentEntry(incident, place + 1, analysis, clock)),
  };
}

function summaryEntry(model: Model): SummaryEntry {
  const byOp: Record<string, OperationEntry> = {};
  for (const stats of model.operations.list()) byOp[stats.op] = operationEntry(stats);
  const servers = [...model.servers.values()]
    .filter((server) => server.requests + server.responses > 0)
    .map(({ address, connections, sessions, requests, responses }) => {
      return { server: address, connections, sessions, requests, responses };
    });
  const protocols = Object.fromEntries([...model.others.counts].map(([name, counts]) => [name, { ...counts }]));
  const pairs = model.pairs.list().map(capturedPairEntry);
  return {
    ...model.totals.copy(),
    onlyDirection: model.direction,
    sessions: model.sessions.count,
    byOp,
    servers,
    forgotten: model.forgotten(),
    protocols,
    ...(pairs.length === 0 ? {} : { pairs }),
  };
}

function operationEntry(stats: OperationStats): OperationEntry {
  const { requests, errors, errorCodes, latency } = stats;
  const entry: OperationEntry = { requests, errors };
  if (errors > 0)
    entry.errorsByName = Object.fromEntries(
      [...errorCodes].sort((a, b) => b[1] - a[1]).map(([code, count]) => [errorName(code), count]),
    );
  if (latency.count === 0) return entry;
  const at = (fraction: number): number => Math.round(latency.percentile(fraction)) / SECOND;
  entry.latency = { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: latency.max / SECOND };
  return entry;
}

function sessionEntry(session: Session, now: number, clock: Clock): SessionEntry {
  let watches = 0;
  for (const view of session.views.values()) {
    if (view.holds('data')) watches++;
    if (view.holds('child')) watches++;
  }
  const entry: SessionEntry = {
    session: session.id,
    client: session.client,
    clients: [...new Set(session.attachments.map((attachment) => attachment.client))],
    servers: [...session.servers],
    connections: session.connectionCount,
    timeout: session.timeout,
    timeoutAsked: session.timeoutAsked,
    from: clock.format(session.start.time),
    to: clock.format(session.lastTime),
    end: session.end,
    startCaptured: session.startKnown,
    requests: session.requests,
    responses: session.responses,
    pings: session.pings,
    notifications: session.notifications,
    watches,
    ephemerals: session.ephemerals.size,
    longestSilence: session.silence(now) / SECOND,
    gaps: session.holes,
  };
  const successor = session.followedBy?.id;
  if (successor !== undefined && successor !== null) entry.successor = successor;
  return entry;
}

function incidentEntry(
  { severity, findings, hosts, from, to, unrepaired, next }: Incident,
  place: number,
  analysis: Analysis,
  clock: Clock,
): IncidentEntry {
  return {
    incident: place,
    severity,
    title: findings[0]!.title,
    hosts: [...hosts],
    from: clock.format(from),
    to: clock.format(to),
    findings: findings.map((finding) => analysis.numberOf(finding)),
    unrepaired: [...unrepaired],
    next: { ...next },
  };
}

function findingEntry(finding: Finding, clock: Clock): Omit<FindingEntry, 'id' | 'cause' | 'incident'> {
  const { rule, severity, confidence, title, message, remedy, from, to, evidence, cause } = finding;
  const { client, server, session, connection, path } = finding;
  const data = cause === undefined ? finding.data : { cause: causeData(cause), ...finding.data };
  return {
    ...{ rule, severity, confidence, title, message, remedy },
    ...(client === undefined ? {} : { client }),
    ...(server === undefined ? {} : { server }),
    ...(session === undefined ? {} : { session }),
    ...(connection === undefined ? {} : { connection }),
    ...(path === undefined ? {} : { path }),
    ...(finding.unrepaired === undefined ? {} : { unrepaired: finding.unrepaired }),
    from: clock.format(from),
    to: clock.format(to),
    evidence: evidence.map(({ frame, time, text }) => ({ frame, time: clock.format(time), text })),
    data: dataEntry(data, clock) as Record<string, unknown>,
  };
}

function dataEntry(value: DataValue, clock: Clock): unknown {
  if (value instanceof Instant) return clock.format(value.time);
  if (Array.isArray(value)) return (value as readonly DataValue[]).map((item) => dataEntry(item, clock));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dataEntry(item, clock)]));
  }
  return value;
}
