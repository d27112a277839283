import { printable } from '../text/escape.js';
import type { LatencyNumbers, StatsDocument, StatsNumbers } from './document.js';

/** Escapes a label value: backslash, double quote, line feed; other control characters are made visible before. */
function labelValue(value: string): string {
  return printable(value).replace(/\\/g, '\\\\').replace(/"/g, '\\"');
}

interface Sample {
  readonly labels: readonly (readonly [string, string])[];
  readonly numbers: StatsNumbers;
}

function samples(document: StatsDocument): Sample[] {
  const rows = document.groups.map((group): Sample => {
    const labels = document.by.map((name) => [name, String(group[name] ?? '')] as const);
    return { labels, numbers: group };
  });
  if (document.other !== undefined)
    rows.push({ labels: document.by.map((name) => [name, '(other)'] as const), numbers: document.other });
  return rows;
}

/** Names and values, not yet escaped. */
export type MetricLabels = readonly (readonly [name: string, value: string])[];

/** A sample in the text exposition format. */
export function metricLine(name: string, labels: MetricLabels, value: number): string {
  const text = labels.map(([label, text]) => `${label}="${labelValue(text)}"`).join(',');
  return `${name}${text === '' ? '' : `{${text}}`} ${value}\n`;
}

/** What stands above the samples of a metric. */
export function metricHead(name: string, type: 'counter' | 'gauge' | 'summary' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

const QUANTILES: readonly [string, keyof LatencyNumbers][] = [
  ['0.5', 'p50'],
  ['0.9', 'p90'],
  ['0.99', 'p99'],
];

const COUNTERS: readonly [string, string, (numbers: StatsNumbers) => number][] = [
  ['zkscope_requests_total', 'Requests in the capture.', (numbers) => numbers.requests],
  ['zkscope_responses_total', 'Answers to requests.', (numbers) => numbers.responses],
  ['zkscope_notifications_total', 'Watch events sent to clients.', (numbers) => numbers.notifications],
  ['zkscope_errors_total', 'Answers with an error code.', (numbers) => numbers.errors],
  ['zkscope_unanswered_total', 'Requests without an answer.', (numbers) => numbers.unanswered],
  ['zkscope_to_server_bytes_total', 'Bytes of requests.', (numbers) => numbers.bytesToServer],
  ['zkscope_to_client_bytes_total', 'Bytes of answers and notifications.', (numbers) => numbers.bytesToClient],
];

/** The numbers in Prometheus' text exposition format 0.0.4. What is not known is an empty label. */
export function statsPrometheus(document: StatsDocument): string {
  const rows = samples(document);
  const lines: string[] = [];
  const line = metricLine;
  const head = (...args: Parameters<typeof metricHead>): void => {
    lines.push(metricHead(...args));
  };
  for (const [name, help, of] of COUNTERS) {
    head(name, 'counter', help);
    for (const { labels, numbers } of rows) lines.push(line(name, labels, of(numbers)));
  }
  head('zkscope_latency_seconds', 'summary', 'Time from a request to its answer, as the capture saw it.');
  for (const { labels, numbers } of rows) {
    const { latency } = numbers;
    if (latency === undefined) continue;
    for (const [quantile, name] of QUANTILES)
      lines.push(line('zkscope_latency_seconds', [...labels, ['quantile', quantile]], latency[name]));
    lines.push(line('zkscope_latency_seconds_sum', labels, latency.sum));
    lines.push(line('zkscope_latency_seconds_count', labels, latency.count));
  }
  head('zkscope_latency_max_seconds', 'gauge', 'Longest time from a request to its answer.');
  for (const { labels, numbers } of rows)
    if (numbers.latency !== undefined) lines.push(line('zkscope_latency_max_seconds', labels, numbers.latency.max));
  return lines.join('');
}
