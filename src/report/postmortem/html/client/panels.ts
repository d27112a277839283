import { numberText } from '../../../../observations/words.js';
import type { LevelData, ReportData } from '../../data.js';
import { colour } from './dom.js';
import { spanText } from './format.js';
import { serverClass } from './serverClass.js';

/** Servers that have a line of their own, and colours for them. */
const SERVERS = 6;
/** One chart: what it shows, and how. */
export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly height: number;
  readonly series: readonly uPlot.Series[];
  values(level: LevelData): (number | null)[][];
  axis(value: number): string;
  /** The axis counts in powers of ten. */
  readonly log?: boolean;
  /** What is worth saying of the whole, for who does not see the picture. */
  summary(level: LevelData): string;
}

const largest = (values: readonly (number | null)[]): number => values.reduce<number>((a, b) => Math.max(a, b ?? 0), 0);

function bars(label: string, name: string): uPlot.Series {
  return {
    label,
    stroke: colour(name),
    fill: colour(name),
    width: 0,
    points: { show: false },
    paths: uPlot.paths.bars!({ align: 1, size: [1, Infinity, 2], gap: 0 }),
  };
}

function steps(label: string, name: string, fill?: string): uPlot.Series {
  return {
    label,
    stroke: colour(name),
    ...(fill === undefined ? {} : { fill: colour(fill) }),
    width: 1.5,
    points: { show: false },
    paths: uPlot.paths.stepped!({ align: 1 }),
  };
}

function dots(label: string, name: string): uPlot.Series {
  const colours = { stroke: colour(name), fill: colour(name) };
  return { label, ...colours, width: 1, points: { show: true, size: 4, ...colours }, paths: () => null };
}

const peak = (what: string, values: readonly (number | null)[], text: (value: number) => string): string =>
  `${what}: at most ${text(largest(values))} in a bar`;

/** The charts of a report, the topmost first. */
export function panels(data: ReportData): Panel[] {
  const sum = (level: LevelData): number[] => level.operations.map((count, i) => count + level.pings[i]!);
  const finest = data.levels[0]!;
  const servers = finest.byServer.slice(0, SERVERS);
  const any = (values: readonly (number | null)[]): boolean => largest(values) > 0;
  const all: (Panel | null)[] = [
    {
      title: 'Requests',
      unit: 'operations, and pings on top of them',
      height: 110,
      series: [bars('Pings', 'pings'), bars('Operations', 'operations')],
      values: (level) => [sum(level), [...level.operations]],
      axis: numberText,
      summary: (level) => peak('Requests', sum(level), numberText),
    },
    {
      title: 'Waiting',
      unit: 'requests without an answer at the end of each bar',
      height: 70,
      series: [steps('Waiting', 'errors', 'error-band')],
      values: (level) => [[...level.waiting]],
      axis: numberText,
      summary: (level) => peak('Requests without an answer', level.waiting, numberText),
    },
    any(finest.longestWait)
      ? {
          title: 'Longest wait',
          unit: 'of a request for its answer, so far',
          height: 70,
          series: [steps('Longest wait', 'latency', 'warning-band')],
          values: (level) => [[...level.longestWait]],
          axis: (value) => (value === 0 ? '0' : spanText(value)),
          summary: (level) => peak('Longest wait for an answer', level.longestWait, spanText),
        }
      : null,
    any([...finest.p99])
      ? {
          title: 'Latency',
          unit: 'p50 and p99 of the answers, in powers of ten',
          height: 100,
          log: true,
          series: [dots('p50', 'operations'), dots('p99', 'latency')],
          values: (level) => [[...level.p50], [...level.p99]],
          axis: spanText,
          summary: (level) => peak('Latency, p99', level.p99, spanText),
        }
      : null,
    any(finest.errors)
      ? {
          title: 'Errors',
          unit: 'answers with an error, expired sessions',
          height: 58,
          series: [bars('Errors', 'errors')],
          values: (level) => [[...level.errors]],
          axis: numberText,
          summary: (level) => peak('Errors', level.errors, numberText),
        }
      : null,
    any(finest.notifications)
      ? {
          title: 'Notifications',
          unit: 'watches that fired',
          height: 58,
          series: [bars('Notifications', 'notifications')],
          values: (level) => [[...level.notifications]],
          axis: numberText,
          summary: (level) => peak('Notifications', level.notifications, numberText),
        }
      : null,
    servers.length > 1
      ? {
          title: 'By server',
          unit: servers.map(({ server }) => server).join(', '),
          height: 90,
          series: servers.map(({ server }, i) => {
            // Those of the lanes, where there are lanes.
            const number = data.servers.length === 0 ? i : data.servers.indexOf(server);
            return steps(server, serverClass(number));
          }),
          values: (level) => servers.map((_, i) => [...(level.byServer[i]?.requests ?? [])]),
          axis: numberText,
          summary: (level) =>
            `Requests by server: ${level.byServer.map(({ server, requests }) => `${server} ${numberText(requests.reduce((a, b) => a + b, 0))}`).join(', ')}`,
        }
      : null,
    any(finest.sessions)
      ? {
          title: 'Live sessions',
          unit: 'begun and not ended',
          height: 64,
          series: [steps('Sessions', 'sessions', 'sessions-fill')],
          values: (level) => [[...level.sessions]],
          axis: numberText,
          summary: (level) => peak('Live sessions', level.sessions, numberText),
        }
      : null,
  ];
  return all.filter((panel) => panel !== null);
}
