import type { Counts } from '../../model/measures/grouping.js';
import type { LiveCounts } from '../../model/measures/liveCounts.js';
import type { WatchCounts } from '../../model/measures/watchCounts.js';
import { severities, type Finding } from '../../rules/finding.js';
import { metricHead, metricLine, type MetricLabels } from '../stats/prometheus.js';

/** Upper bounds of the buckets, seconds: from what a read takes in a good network to a session's timeout. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const COUNTERS: readonly [string, string, (counts: Counts) => number][] = [
  ['zkscope_requests_total', 'Requests seen.', (counts) => counts.requests],
  ['zkscope_responses_total', 'Answers to requests.', (counts) => counts.responses],
  ['zkscope_notifications_total', 'Watch events sent to clients.', (counts) => counts.notifications],
  ['zkscope_errors_total', 'Answers with an error code.', (counts) => counts.errors],
  ['zkscope_unanswered_total', 'Requests whose connection ended without an answer.', (counts) => counts.unanswered],
  ['zkscope_to_server_bytes_total', 'Bytes of requests.', (counts) => counts.bytesToServer],
  ['zkscope_to_client_bytes_total', 'Bytes of answers and notifications.', (counts) => counts.bytesToClient],
];

export interface LiveMetrics {
  readonly counts: LiveCounts;
  readonly watches: WatchCounts;
  readonly findings: readonly Finding[];
  readonly connections: number;
  readonly sessions: number;
  /** Epoch seconds of the latest frame; null before the first. */
  readonly latest: number | null;
}

/** The running totals in Prometheus' text exposition format 0.0.4. */
export function liveMetrics({ counts, watches, findings, connections, sessions, latest }: LiveMetrics): string {
  const parts: string[] = [];
  const rows = [...counts.running()].map(({ op, server, counts: of }) => ({
    labels: [
      ['op', String(op ?? '')],
      ['server', String(server ?? '')],
    ] satisfies MetricLabels,
    of,
  }));
  for (const [name, help, value] of COUNTERS) {
    parts.push(metricHead(name, 'counter', help));
    for (const { labels, of } of rows) parts.push(metricLine(name, labels, value(of)));
  }
  const latency = 'zkscope_request_duration_seconds';
  parts.push(metricHead(latency, 'histogram', 'Time from a request to its answer, at the place of the capture.'));
  for (const { labels, of } of rows) {
    if (of.latency.count === 0) continue;
    for (const bound of BOUNDS)
      parts.push(metricLine(`${latency}_bucket`, [...labels, ['le', String(bound)]], of.latency.below(bound * 1e9)));
    parts.push(metricLine(`${latency}_bucket`, [...labels, ['le', '+Inf']], of.latency.count));
    parts.push(metricLine(`${latency}_sum`, labels, of.latency.sum / 1e9));
    parts.push(metricLine(`${latency}_count`, labels, of.latency.count));
  }
  const counter = (name: string, help: string, value: number): void => {
    parts.push(metricHead(name, 'counter', help), metricLine(name, [], value));
  };
  const gauge = (name: string, help: string, value: number): void => {
    parts.push(metricHead(name, 'gauge', help), metricLine(name, [], value));
  };
  counter('zkscope_watches_set_total', 'Watches that answers have set.', watches.set);
  counter('zkscope_watches_fired_total', 'Watch events of znodes.', watches.fired);
  counter('zkscope_sessions_created_total', 'Sessions that were made.', watches.sessionsMade);
  counter(
    'zkscope_sessions_resumed_total',
    'Sessions that were taken up on another connection.',
    watches.sessionsTakenUp,
  );
  counter(
    'zkscope_sessions_expired_total',
    'Clients that were told that their session has expired.',
    watches.sessionsExpired,
  );
  gauge('zkscope_sessions', 'Sessions that have a connection.', sessions);
  gauge('zkscope_connections', 'Open connections to ZooKeeper.', connections);
  parts.push(metricHead('zkscope_findings', 'gauge', 'Findings of the rules so far.'));
  for (const severity of severities)
    parts.push(
      metricLine(
        'zkscope_findings',
        [['severity', severity]],
        findings.filter((finding) => finding.severity === severity).length,
      ),
    );
  if (latest !== null)
    gauge('zkscope_latest_frame_timestamp_seconds', 'Time of the latest frame, by the clock of the capture.', latest);
  return parts.join('');
}
