import { splitHost, type CaptureInfo, type Clock } from '../../observations/inputs.js';
import { Model, SessionLanes, Timeline } from '../../model/index.js';
import type { AnalyzeDocument, SessionEntry } from '../analyze/document.js';
import type { Finding } from '../../rules/finding.js';
import { type CitedFrame, Focus, type EvidenceRow } from './evidence/focus.js';
import { printable } from '../text/escape.js';
import { frameName, hostFrames } from '../text/hostFrames.js';
import { affectedTable, AT_THE_END, findingFacts, type WindowEntry, windowTable } from './facts.js';
import { chooseLanes, type ReportClock, type SubjectSession } from './lanes.js';
import type { FindingData, IncidentData, LadderRowData, LevelData, ReportData, TableData } from './data.js';
import { nextText } from '../analyze/incidentText.js';
import { reportTables } from './tables.js';
import { verdict } from './verdict.js';
import { displayFilters } from './wiresharkFilters.js';
import { blindWindow } from '../../rules/catalogue/blind-window.js';

/** Findings that are shown in full, and changes by others in one ladder. */
const FINDINGS = 200;
const OTHERS = 16;

export interface ReportInput {
  readonly document: AnalyzeDocument;
  /** The findings of the document, in its order, with their times on the clock. */
  readonly findings: readonly Finding[];
  readonly model: Model;
  readonly timeline: Timeline;
  readonly lanes: SessionLanes;
  readonly captures: readonly CaptureInfo[];
  readonly clock: Clock;
  /** What was lost on the way, one part each. */
  readonly losses: readonly string[];
  /** Findings that filters kept out. */
  readonly hidden: number;
  /** The captures were read a second time for what the cited frames carry. */
  readonly readAgain: boolean;
}

/**
 * What the ladder of each finding is to show; in the order of the findings, bounded.
 * @param byTime frames are of several hosts, and follow each other by their times
 */
export function focuses({ findings, model }: Pick<ReportInput, 'findings' | 'model'>, byTime = false): Focus[] {
  return findings.slice(0, FINDINGS).map((finding) => {
    const evidence = finding.evidence.map(({ frame, time, text }): CitedFrame => {
      return { frame, time, text, kind: 'evidence' };
    });
    return new Focus([...evidence, ...changesBetween(finding, model)], { path: finding.path ?? null }, byTime);
  });
}

/** Changes to the path of a finding, by whomever, between the first and the last frame that it cites. */
function changesBetween({ path, evidence }: Finding, model: Model): CitedFrame[] {
  const znode = path === undefined ? undefined : model.znode(path);
  if (znode === undefined || evidence.length < 2) return [];
  const frames = evidence.map(({ frame }) => frame);
  const [first, last] = [Math.min(...frames), Math.max(...frames)];
  return [...znode.changes, ...znode.childChanges]
    .filter(({ frame, cause }) => frame > first && frame < last && cause !== 'unknown')
    .sort((a, b) => a.frame - b.frame)
    .slice(0, OTHERS)
    .map(({ frame, time, kind, cause, child, session }) => {
      const what = child ?? 'it';
      const verb = kind === 'create' ? 'adds' : kind === 'delete' ? 'removes' : `${kind} of`;
      const why =
        cause === 'closeSession' ? ' (its session is closed)' : cause === 'expired' ? ' (its session expired)' : '';
      return {
        frame,
        time,
        kind: 'other',
        text: `${session === null ? 'someone' : `session ${session}`} ${verb} ${what}${why}`,
      };
    });
}

/** All that the report shows. The focuses are those of `focuses`, after the captures were read again if they could be. */
export function reportData(input: ReportInput, ladders: readonly Focus[]): ReportData {
  const { document, clock, timeline, findings, model } = input;
  const second = clock.baseSeconds ?? 0;
  const offset = clock.zoneShown === 'no' ? 0 : clock.zoneOffset(second);
  const times: ReportClock = {
    at: (time) => ((second + offset) % 86_400) + time / 1e9,
    text: (time) => clock.format(time),
  };
  const sessions = [...model.sessions.all()];
  const bySession = sessionsByFinding(document);
  const findingsOf = (entry: SessionEntry): readonly number[] =>
    (entry.session === null ? bySession.get(entry.client) : bySession.get(entry.session)) ?? [];
  const subjects: SubjectSession[] = document.sessions.map((entry, i) => {
    const session = sessions[i];
    const lane = session === undefined ? undefined : input.lanes.of(session);
    const ended = session?.endMoment?.time ?? null;
    return { entry, lane, ended, findings: findingsOf(entry) };
  });
  const chosen = chooseLanes(subjects, times, timeline.to ?? 0, unusedLists(document));
  const single = document.captures.length === 1;
  const shown = document.findings.slice(0, FINDINGS);
  const told = shown.map((entry, i): FindingData => {
    const finding = findings[i]!;
    const rows = ladders[i]?.ladder() ?? [];
    const named = hostFrames(entry, clock.hosts, true);
    const { rule, severity, confidence, title, message, remedy, from, to, evidence } = entry;
    const frames = evidence.map(({ frame }) => frame);
    const windows =
      rule === blindWindow.meta.name ? windowsOf(entry.session, entry.path, subjects, times, timeline.to ?? 0) : [];
    return {
      number: i + 1,
      ...{ rule, severity, confidence, title, message, remedy },
      facts: findingFacts(named, windows, clock.zoneName),
      from: times.at(finding.from),
      to: times.at(finding.to),
      fromText: from,
      toText: to,
      frames,
      ladder: rows.map((row) => ladderRow(row, times)),
      filters: displayFilters(
        frames.map((frame) => frameName(frame, clock.hosts)),
        rows,
        entry.client,
        single,
      ),
      tables: [windowTable(windows), affectedTable(named)].filter((table): table is TableData => table !== null),
    };
  });
  const more = (index: number): string => {
    const values = told[index]?.facts.find(({ name }) => name === AT_THE_END)?.values ?? [];
    return values.length === 0 ? '' : ` ${AT_THE_END} it is ${values.join(' ')}.`;
  };
  const data: ReportData = {
    version: document.tool.version,
    captures: document.captures.map(({ file, format, packets, bytes, from, to, truncated, interrupted }) => {
      const name = file === '-' ? 'standard input' : nameOf(file);
      const whole = interrupted === true ? { interrupted } : {};
      return { file: name, format, packets, bytes, from, to, truncated, ...whole };
    }),
    verdict: verdict(document, more, input),
    zone: clock.zoneName,
    day: timeline.from === null ? null : clock.format(timeline.from).slice(0, 10),
    from: timeline.from === null ? null : times.at(timeline.from),
    to: timeline.to === null ? null : times.at(timeline.to),
    levels: timeline.counted ? timeline.levels().map(levelData) : [],
    ...chosen,
    findings: told,
    incidents: incidentsOf(document),
    findingsNote:
      document.findings.length > FINDINGS
        ? `The first ${FINDINGS} of ${document.findings.length} findings are told in full, the others in the table.`
        : null,
    tables: reportTables(document, findingsOf),
  };
  return printableDeep(data) as ReportData;
}

/** The file's name without the folders, which are nobody's business but its owner's. */
function nameOf(file: string): string {
  const { host, path } = splitHost(file);
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return host === null ? name : `${host}=${name}`;
}

function incidentsOf(document: AnalyzeDocument): IncidentData[] {
  const places = new Map(document.findings.map(({ id }, place) => [id, place + 1]));
  const captures = document.captures.map(({ file, ...rest }) => ({ ...rest, file: nameOf(file) }));
  return document.incidents.map((incident) => {
    const { severity, title, hosts, from, to, findings, unrepaired } = incident;
    return {
      number: incident.incident,
      ...{ severity, title, hosts, unrepaired },
      fromText: from,
      toText: to,
      findings: findings.map((id) => places.get(id)).filter((place) => place !== undefined),
      next: nextText(incident, captures),
    };
  });
}

/** Numbers of the findings by session id, or by `ip:port` where the session is not known. */
function sessionsByFinding({ findings }: AnalyzeDocument): Map<string, number[]> {
  const named = new Map<string, number[]>();
  const add = (name: unknown, number: number): void => {
    if (typeof name !== 'string') return;
    const list = named.get(name);
    if (list === undefined) named.set(name, [number]);
    else if (list.at(-1) !== number) list.push(number);
  };
  for (const [i, { session, client, data }] of findings.entries()) {
    add(session ?? client, i + 1);
    const affected: unknown = data['affected'];
    if (!Array.isArray(affected)) continue;
    for (const entry of affected as Record<string, unknown>[]) add(entry['session'] ?? entry['client'], i + 1);
  }
  return named;
}

/** Sessions of which it is proven that they do not use the list that comes with the watch. */
function unusedLists({ findings }: AnalyzeDocument): ReadonlySet<string> {
  const unused = findings.filter(
    ({ rule, data }) => rule === blindWindow.meta.name && data['secondListUsed'] === false,
  );
  return new Set(unused.flatMap(({ session }) => (typeof session === 'string' ? [session] : [])));
}

function windowsOf(
  session: string | null | undefined,
  path: string | undefined,
  subjects: readonly SubjectSession[],
  times: ReportClock,
  end: number,
): WindowEntry[] {
  if (session === null || session === undefined) return [];
  const lane = subjects.find((subject) => subject.entry.session === session)?.lane;
  return (lane?.windows ?? [])
    .filter((window) => path === undefined || window.path === path)
    .map((window) => {
      const { kind, changed, fired, plain, watched, added, removed, until } = window;
      return {
        path: window.path,
        ...{ kind, changed, added, removed },
        firedFrame: fired.frame,
        plainFrame: plain.frame,
        watchedFrame: watched.frame,
        plainTime: times.text(plain.time),
        length: Math.max(0, watched.time - plain.time) / 1e9,
        untilTime: until === null ? null : times.text(until.time),
        outOfDate: Math.max(0, (until?.time ?? end) - watched.time) / 1e9,
      };
    });
}

function levelData(level: ReturnType<Timeline['levels']>[number]): LevelData {
  const seconds = (values: readonly (number | null)[]): (number | null)[] =>
    values.map((value) => (value === null ? null : Math.round(value) / 1e9));
  return {
    ...level,
    width: level.width / 1e9,
    p50: seconds(level.p50),
    p99: seconds(level.p99),
    longestWait: level.longestWait.map((value) => Math.round(value) / 1e9),
  };
}

function ladderRow(
  { kind, frame, time, direction, client, server, label, note }: EvidenceRow,
  times: ReportClock,
): LadderRowData {
  return { kind, frame, at: times.at(time), time: times.text(time), direction, client, server, label, note };
}

/** The same with every string escaped for control characters and direction marks. */
function printableDeep(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(printableDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, printableDeep(item)]));
}
