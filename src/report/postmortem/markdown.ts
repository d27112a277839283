import { durationText, listing, numberText, plural } from '../../observations/words.js';
import type { CellKind, FindingData, IncidentData, LadderRowData, ReportData, TableData } from './data.js';
import { sortedRows, isNumeric } from './tableRows.js';

/** Rows of a table that go into a postmortem; the rest is said. */
const ROWS = 20;
const FINDINGS = 50;
const INCIDENTS = 50;
const HOSTS = 6;
const LADDER = 60;

/**
 * Text of the capture as Markdown that shows it as it is: nothing in it becomes markup, HTML, a table's border or a link.
 * Line ends cannot be in it (they are escaped before).
 */
export function markdownText(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[\\`*_{}[\]|~#!$]/g, '\\$&')
    .replace(/:\/\//g, ':\\//')
    .replace(/\b(www)\./gi, '$1\\.')
    .replace(/^([-+=])/, '\\$1')
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2');
}

/** Text of the capture as a code span, in a table or not: fenced by more backticks than it holds. */
export function markdownCode(text: string): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
  const fence = '`'.repeat(longest + 1);
  const inner = text.replace(/\|/g, '\\|');
  return /^[` ]|[` ]$/.test(inner) ? `${fence} ${inner} ${fence}` : `${fence}${inner}${fence}`;
}

/** The report as Markdown: verdict, findings with their frames and display filters, tables. */
export function markdownReport(data: ReportData): string {
  const { verdict, captures, findings } = data;
  const parts: string[] = [`# ${markdownText(verdict.headline)}`];
  if (verdict.sentences.length > 0)
    parts.push(
      verdict.sentences
        .map(({ finding, text }) => `- ${finding === null ? '' : `**Finding ${finding}.** `}${markdownText(text)}`)
        .join('\n'),
    );
  parts.push(
    captures
      .slice(0, ROWS)
      .map(({ file, packets, from, to, truncated }) => {
        const when = from === null || to === null ? 'no packets' : `${from} to ${to}`;
        return `- ${markdownText(file)}: ${when}, ${plural(packets, 'packet')}${truncated ? ', cut short' : ''}`;
      })
      .join('\n'),
  );
  if (captures.length > ROWS) parts.push(`… and ${captures.length - ROWS} more captures.`);
  const unseen =
    verdict.unseen.length === 0
      ? 'Nothing was lost: every byte of the connections was captured and decoded.'
      : verdict.unseen.map(markdownText).join(' ');
  parts.push(`${verdict.counted} ${unseen}`);
  const grave = data.incidents.filter(({ severity }) => severity !== 'info');
  if (grave.length > 0) parts.push(grave.length === 1 ? '## What happened' : '## Incidents');
  for (const incident of grave.slice(0, INCIDENTS)) parts.push(story(incident, data));
  if (grave.length > INCIDENTS) parts.push(`… and ${plural(grave.length - INCIDENTS, 'more incident')}.`);
  if (findings.length > 0) parts.push('## Evidence');
  for (const finding of findings.slice(0, FINDINGS)) parts.push(section(finding, data.zone));
  if (findings.length > FINDINGS) parts.push(`… and ${plural(findings.length - FINDINGS, 'more finding')}.`);
  if (data.findingsNote !== null) parts.push(data.findingsNote);
  for (const other of data.tables.filter(({ id }) => id !== 'findings'))
    parts.push(`## ${other.title}`, table(other, ROWS));
  parts.push(`*Times are ${markdownText(data.zone)}. Written by zkscope ${markdownText(data.version)}.*`);
  return `${parts.join('\n\n')}\n`;
}

/** One event: its cause, what followed in order, what was never put right, and where to look. */
function story(incident: IncidentData, { findings }: ReportData): string {
  const { number, severity, title, hosts, fromText, toText, unrepaired, next } = incident;
  const clock = (text: string): string => text.slice(11, 23);
  const lines = incident.findings.flatMap((place, i) => {
    const finding = findings[place - 1];
    if (finding === undefined) return [];
    const { message, rule, confidence, fromText: when } = finding;
    const what = i === 0 ? '**Cause**' : `**Then**, ${clock(when)}`;
    return [`- ${what}: ${markdownText(message)} (finding ${place}: ${markdownText(rule)}, ${confidence})`];
  });
  for (const open of unrepaired) lines.push(`- **Never put right**: ${markdownText(open)}`);
  lines.push(`- **Look further**: ${markdownCode(next)}`);
  const when = `${clock(fromText)} – ${clock(toText)}`;
  return [
    `### Incident ${number}: ${markdownText(title)} (${severity})`,
    hosts.length === 0 ? when : `${when}: ${markdownText(listing(hosts, HOSTS))}`,
    lines.join('\n'),
  ].join('\n\n');
}

function section(finding: FindingData, zone: string): string {
  const { number, title, severity, rule, confidence, message, facts, filters, tables, remedy } = finding;
  const parts = [
    `### Finding ${number}: ${markdownText(title)} (${severity})`,
    markdownText(message),
    facts
      .map(({ name, values, code }) => `- ${name}: ${values.map(code ? markdownCode : markdownText).join(', ')}`)
      .join('\n'),
  ];
  const rows = finding.ladder.filter((row) => row.kind !== 'tcp');
  if (rows.length > 0) parts.push(evidence(rows, zone));
  if (filters.length > 0)
    parts.push(
      'Wireshark display filters:',
      [
        '```',
        ...filters.map(({ host, text }) => `${host === undefined ? '' : `${host}: `}${text}`.replace(/`/g, '')),
        '```',
      ].join('\n'),
    );
  for (const { title: heading, ...rest } of tables) parts.push(`${heading}:`, table({ title: heading, ...rest }, ROWS));
  parts.push(`**What to do:** ${markdownText(remedy)}`, `Rule ${markdownText(rule)}, ${confidence}.`);
  return parts.join('\n\n');
}

function evidence(rows: readonly LadderRowData[], zone: string): string {
  const lines = rows.slice(0, LADDER).map((row) => {
    const { kind, frame, time, direction, client, server, label, note } = row;
    if (kind === 'omitted') return `| … | | | ${markdownText(label)} |`;
    const ends =
      client === null || server === null || direction === null
        ? ''
        : direction === 'request'
          ? `${client} → ${server}`
          : `${server} → ${client}`;
    const number = kind === 'evidence' ? `**${frame}**` : String(frame);
    const what = [label, note].filter((text) => text !== '').map(markdownText);
    return `| ${number} | ${time.slice(11, -1)} | ${markdownText(ends)} | ${what.join('. ')} |`;
  });
  if (rows.length > LADDER) lines.push(`| … | | | ${rows.length - LADDER} more frames |`);
  return [`| Frame | Time, ${markdownText(zone)} | From → to | What |`, '| ---: | --- | --- | --- |', ...lines].join(
    '\n',
  );
}

function table(data: TableData, limit: number): string {
  const { columns, rows } = data;
  const lines = [
    `| ${columns.map(({ name }) => markdownText(name)).join(' | ')} |`,
    `| ${columns.map(({ kind }) => (isNumeric(kind) ? '---:' : '---')).join(' | ')} |`,
    ...sortedRows(data)
      .slice(0, limit)
      .map((row) => `| ${columns.map(({ kind }, i) => cell(row[i] ?? null, kind)).join(' | ')} |`),
  ];
  if (rows.length > limit) lines.push('', `… and ${numberText(rows.length - limit)} more.`);
  return lines.join('\n');
}

function cell(value: string | number | null, kind: CellKind): string {
  if (value === null || value === '') return '';
  if (typeof value === 'number') {
    if (kind === 'seconds') return durationText(value);
    return kind === 'frame' ? String(value) : numberText(value);
  }
  if (kind === 'code') return value.split(' ').map(markdownCode).join(' ');
  return markdownText(kind === 'time' && /^\d{4}-\d\d-\d\dT/.test(value) ? value.slice(11, -1) : value);
}
