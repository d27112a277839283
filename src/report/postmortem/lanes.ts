import { numberText, plural } from '../../observations/words.js';
import type { QuietSpan, SessionLane } from '../../model/index.js';
import type { SessionEntry } from '../analyze/document.js';
import type { LaneData, ReportData } from './data.js';

/** Times of the report from those on the run's clock (nanoseconds). */
export interface ReportClock {
  at(time: number): number;
  text(time: number): string;
}

export interface SubjectSession {
  readonly entry: SessionEntry;
  readonly lane: SessionLane | undefined;
  /** When it ended, on the run's clock; null while nothing says that. */
  readonly ended: number | null;
  readonly findings: readonly number[];
}

/** Lanes that are drawn, names of one window that are told, and servers that have a number of their own. */
const LANES = 200;
const NAMES = 5;
const SERVERS = 64;

/**
 * The sessions that are worth a lane, at most 200: those that findings name, then those that expired, fell silent or had
 * blind windows, then the busiest.
 * @param end time of the last frame
 * @param unused sessions that go by the read without a watch, as a rule has proven
 */
export function chooseLanes(
  subjects: readonly SubjectSession[],
  times: ReportClock,
  end: number,
  unused: ReadonlySet<string>,
): Pick<ReportData, 'lanes' | 'lanesNote' | 'servers'> {
  const withLane = subjects.filter((subject) => subject.lane !== undefined && subject.lane.connections.length > 0);
  const order = withLane.map((subject) => ({ subject, weight: weightOf(subject) }));
  order.sort((a, b) => b.weight - a.weight);
  const servers = new Map<string, number>();
  const numberOf = (server: string): number => {
    let number = servers.get(server);
    if (number === undefined) {
      number = Math.min(servers.size, SERVERS);
      servers.set(server, number);
    }
    return number;
  };
  const lanes = order
    .slice(0, LANES)
    .map(({ subject }) => laneData(subject, times, end, numberOf, unused.has(subject.entry.session ?? '')));
  const left = subjects.length - lanes.length;
  return {
    lanes,
    servers: [...servers.keys()].slice(0, SERVERS),
    lanesNote:
      left === 0
        ? null
        : leftOut(
            order.slice(LANES).map(({ subject }) => subject),
            left,
            subjects.length,
          ),
  };
}

function weightOf({ entry, lane, findings }: SubjectSession): number {
  const first = findings[0];
  let weight = first === undefined ? 0 : 1e12 - first * 1e6;
  if (entry.end === 'expired') weight += 4e5;
  if (lane !== undefined) {
    weight += lane.changedWindows > 0 ? 3e5 : 0;
    weight += lane.quiet.some(({ kind }) => kind === 'silent') ? 2e5 : 0;
    weight += Math.min(lane.events.length, 100) * 10;
  }
  return weight + Math.min(entry.requests + entry.notifications, 1e5);
}

/** What the sessions without a lane are, so that nobody takes their absence for health. */
function leftOut(rest: readonly SubjectSession[], left: number, all: number): string {
  const ended = (end: SessionEntry['end']): number => rest.filter(({ entry }) => entry.end === end).length;
  const silent = rest.filter(({ lane }) => lane?.quiet.some(({ kind }) => kind === 'silent') === true).length;
  const inFindings = rest.filter(({ findings }) => findings.length > 0).length;
  const parts = [
    inFindings > 0 ? `${numberText(inFindings)} in findings` : '',
    ...(['open', 'closed', 'expired', 'lost'] as const).map((end) =>
      ended(end) > 0 ? `${numberText(ended(end))} ${end}` : '',
    ),
    silent > 0 ? `${numberText(silent)} silent at some time` : '',
  ].filter((part) => part !== '');
  const drawn = all - left;
  return `${plural(drawn, 'lane')} of ${plural(all, 'session')}: those in findings first, then expired, silent, the busiest. Not drawn: ${numberText(left)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}; the table below has every session.`;
}

function laneData(
  { entry, lane, ended, findings }: SubjectSession,
  times: ReportClock,
  end: number,
  numberOf: (server: string) => number,
  unused: boolean,
): LaneData {
  const at = (time: number): number => times.at(time);
  const { connections, quiet, events, windows, expired, holes } = lane!;
  const spans = (kind: QuietSpan['kind']): { from: number; to: number }[] =>
    quiet.filter((span) => span.kind === kind).map(({ from, to }) => ({ from: at(from), to: at(to) }));
  return {
    session: entry.session,
    client: entry.client,
    end: entry.end,
    endAt: ended === null ? null : at(ended),
    findings,
    connected: connections.map((c) => ({ from: at(c.from), to: at(c.to), server: numberOf(c.server), end: c.end })),
    silent: spans('silent'),
    waiting: spans('waiting'),
    pinging: spans('pinging'),
    events: events.map(({ time, frame, count, type, path }) => ({
      at: at(time),
      frame,
      count,
      text: `${type} ${path}`,
    })),
    windows: windows.map((w) => ({
      from: at(w.plain.time),
      to: at(w.watched.time),
      changed: w.changed,
      frame: w.plain.frame,
      text: `${w.path}: ${windowText(w)}`,
    })),
    stale: unused
      ? windows
          .filter((w) => w.changed && w.kind === 'child')
          .map((w) => ({ from: at(w.watched.time), to: at(w.until?.time ?? end) }))
      : [],
    expired: expired === null ? null : at(expired.time),
    holes: holes.map(({ time }) => at(time)),
  };
}

function windowText({ changed, added, removed, addedCount, removedCount }: SessionLane['windows'][number]): string {
  if (!changed) return 'nothing changed in the window';
  const names = (list: readonly string[], count: number, sign: string): string =>
    count === 0
      ? ''
      : `${list
          .slice(0, NAMES)
          .map((name) => `${sign}${name}`)
          .join(' ')}${count > NAMES ? ` … ${count} in all` : ''}`;
  return (
    [names(added, addedCount, '+'), names(removed, removedCount, '−')].filter((t) => t !== '').join(' ') || 'changed'
  );
}
