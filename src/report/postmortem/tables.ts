import type { AnalyzeDocument, SessionEntry } from '../analyze/document.js';
import type { TableData } from './data.js';

/** The tables of a report: operations, servers, sessions, findings. */
export function reportTables(
  document: AnalyzeDocument,
  findingsOf: (session: SessionEntry) => readonly number[],
): TableData[] {
  return [findings(document), operations(document), servers(document), sessions(document, findingsOf)].filter(
    (table) => table.rows.length > 0,
  );
}

function findings({ findings: list }: AnalyzeDocument): TableData {
  return {
    id: 'findings',
    title: 'Findings',
    columns: [
      { name: 'No.', kind: 'findings' },
      { name: 'Severity', kind: 'text' },
      { name: 'Rule', kind: 'text' },
      { name: 'Confidence', kind: 'text' },
      { name: 'What', kind: 'text' },
      { name: 'Client', kind: 'code' },
      { name: 'Path', kind: 'code' },
      { name: 'From', kind: 'time' },
      { name: 'Frames', kind: 'text' },
    ],
    rows: list.map((f, i) => [
      String(i + 1),
      f.severity,
      f.rule,
      f.confidence,
      f.title,
      f.client ?? (Array.isArray(f.data['clients']) ? f.data['clients'].slice(0, 4).join(' ') : null),
      f.path ?? null,
      f.from,
      f.evidence
        .slice(0, 8)
        .map(({ frame }) => frame)
        .join(', '),
    ]),
    sort: null,
  };
}

function operations({ summary }: AnalyzeDocument): TableData {
  return {
    id: 'operations',
    title: 'Operations',
    columns: [
      { name: 'Operation', kind: 'text' },
      { name: 'Requests', kind: 'number' },
      { name: 'Errors', kind: 'number' },
      { name: 'p50', kind: 'seconds' },
      { name: 'p90', kind: 'seconds' },
      { name: 'p99', kind: 'seconds' },
      { name: 'Max', kind: 'seconds' },
    ],
    rows: Object.entries(summary.byOp).map(([op, { requests, errors, latency }]) => [
      op,
      requests,
      errors,
      latency?.p50 ?? null,
      latency?.p90 ?? null,
      latency?.p99 ?? null,
      latency?.max ?? null,
    ]),
    sort: { column: 1, down: true },
  };
}

function servers({ summary }: AnalyzeDocument): TableData {
  return {
    id: 'servers',
    title: 'Servers',
    columns: [
      { name: 'Server', kind: 'code' },
      { name: 'Connections', kind: 'number' },
      { name: 'Sessions', kind: 'number' },
      { name: 'Requests', kind: 'number' },
      { name: 'Responses', kind: 'number' },
    ],
    rows: summary.servers.map((s) => [s.server, s.connections, s.sessions, s.requests, s.responses]),
    sort: { column: 3, down: true },
  };
}

function sessions(
  { sessions: list }: AnalyzeDocument,
  findingsOf: (session: SessionEntry) => readonly number[],
): TableData {
  return {
    id: 'sessions',
    title: 'Sessions',
    columns: [
      { name: 'Session', kind: 'code' },
      { name: 'Client', kind: 'code' },
      { name: 'Findings', kind: 'findings' },
      { name: 'Servers', kind: 'code' },
      { name: 'From', kind: 'time' },
      { name: 'To', kind: 'time' },
      { name: 'End', kind: 'text' },
      { name: 'Timeout', kind: 'seconds' },
      { name: 'Requests', kind: 'number' },
      { name: 'Pings', kind: 'number' },
      { name: 'Notified', kind: 'number' },
      { name: 'Watches', kind: 'number' },
      { name: 'Ephemerals', kind: 'number' },
      { name: 'Longest silence', kind: 'seconds' },
      { name: 'Began', kind: 'text' },
    ],
    rows: list.map((s) => [
      s.session,
      s.client,
      findingsOf(s).join(' '),
      s.servers.join(' '),
      s.from,
      s.to,
      s.end,
      s.timeout === null ? null : s.timeout / 1000,
      s.requests,
      s.pings,
      s.notifications,
      s.watches,
      s.ephemerals,
      s.longestSilence,
      s.startCaptured ? 'in the capture' : 'earlier',
    ]),
    sort: { column: 8, down: true },
  };
}
