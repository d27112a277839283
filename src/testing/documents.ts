import { Rows, type RowSink } from '../export/sql/rows.js';
import { tableNames, type TableName } from '../export/sql/tables.js';
import { analyzeDocument } from '../report/analyze/build.js';
import type { CaptureInput } from '../capture/captureInput.js';
import { PathHistory, PathKnowledge } from '../model/journals/path/index.js';
import { SessionTable } from '../model/journals/sessionTable.js';
import { TreeRecorder } from '../model/journals/tree/index.js';
import { LadderRecorder } from '../model/journals/conversation/recorder.js';
import { Grouping } from '../model/measures/grouping.js';
import { Statistics } from '../model/measures/statistics.js';
import { CaptureReader, type CaptureReaderOptions } from '../observations/captureReader.js';
import { sinkOf, together, type Sink } from '../observations/forward.js';
import { JournalWriter } from '../observations/journal/writer.js';
import { gapRecord, messageRecord, type MessageRecord } from '../observations/record.js';
import { ladderDocument } from '../report/follow/document.js';
import { leasesDocument } from '../report/leases/document.js';
import { pathDocument } from '../report/path/build.js';
import { sessionsDocument } from '../report/sessions/document.js';
import { statsDocument } from '../report/stats/document.js';
import { treeDocument } from '../report/tree/document.js';
import { Analysis } from '../rules/analysis.js';

/** All that commands make of an input, and the path that most of its messages are about. */
export interface Documents {
  readonly documents: Readonly<Record<string, unknown>>;
  readonly records: readonly MessageRecord[];
  readonly path: string;
  /** The connection that most of its messages came on. */
  readonly connection: number;
}

/**
 * Reads an input once and makes of it what the commands make.
 * @param about the path that `path` is asked about, and the connection that `follow` shows
 * @param journal takes the lines of a journal of it
 * @param options how it is read
 * @param rows takes the rows of tables of it
 */
export async function documentsOf(
  input: CaptureInput,
  { path, connection }: { readonly path: string; readonly connection: number } = { path: '/', connection: 0 },
  journal: ((line: string) => void) | null = null,
  options: CaptureReaderOptions = {},
  rows: RowSink | null = null,
): Promise<Documents> {
  const analysis = new Analysis();
  const { model } = analysis;
  const tree = new TreeRecorder(model);
  const history = new PathHistory(model, path);
  const table = new SessionTable(model);
  for (const listener of [tree, history, table]) model.addListener(listener);
  const grouping = new Grouping({ by: ['op', 'client'], baseSeconds: () => reader.clock.baseSeconds ?? 0 });
  const statistics = new Statistics([grouping]);
  const records: MessageRecord[] = [];
  const paths = new Map<string, number>();
  const connections = new Map<number, number>();
  const keeping = sinkOf({
    message: (message, tcp) => {
      const record = messageRecord(message, tcp, reader.clock, { data: false });
      records.push(record);
      const about = record['path'];
      if (typeof about === 'string') paths.set(about, (paths.get(about) ?? 0) + 1);
      if (message.protocol !== 'zookeeper') return;
      connections.set(tcp.id, (connections.get(tcp.id) ?? 0) + 1);
      statistics.message(message, tcp);
    },
    gap: (gap, tcp) => {
      records.push(gapRecord(gap, tcp, reader.clock));
      statistics.gap(gap, tcp);
    },
    closed: (tcp) => {
      statistics.closed(tcp);
    },
  });
  const whom = { kind: 'connection', number: connection } as const;
  const everything = { pings: true, limit: 10_000, silence: null, filter: null, place: null };
  let ladder: LadderRecorder | null = null;
  const following = (): LadderRecorder => (ladder ??= new LadderRecorder(whom, { clock: reader.clock, ...everything }));
  const journaling = (): JournalWriter => {
    const { clock } = reader;
    return (writer ??= new JournalWriter(clock, (line) => {
      journal?.(JSON.stringify(line));
    }));
  };
  let writer: JournalWriter | null = null;
  const later = (sink: () => Sink): Sink => ({
    opened: (...told) => {
      sink().opened(...told);
    },
    tcp: (...told) => {
      sink().tcp(...told);
    },
    message: (...told) => {
      sink().message(...told);
    },
    ping: (...told) => {
      sink().ping(...told);
    },
    pingAnswer: (...told) => {
      sink().pingAnswer(...told);
    },
    gap: (...told) => {
      sink().gap(...told);
    },
    acknowledged: (...told) => {
      sink().acknowledged(...told);
    },
    closed: (...told) => {
      sink().closed(...told);
    },
  });
  const sinks = [keeping, later(following), model];
  if (journal !== null) sinks.unshift(later(journaling));
  let tables: Rows | null = null;
  const tabling = (sink: RowSink): Rows =>
    (tables ??= new Rows(sink, { clock: reader.clock, filter: null, tables: ALL_TABLES, analysis }));
  // The model is told once: by the tables where there are any.
  if (rows !== null)
    sinks.splice(
      -1,
      1,
      later(() => tabling(rows).sink),
    );
  const reader: CaptureReader = new CaptureReader([input], together(sinks), options);
  await reader.read();
  const { captures, clock, last } = reader;
  if (journal !== null) {
    const { seen, forgotten } = reader.connections;
    const ended = { captures, last, connections: seen, forgottenConnections: forgotten, problems: reader.problems() };
    journaling().end(ended);
  }
  statistics.end();
  analysis.end(last.time);
  if (rows !== null) tabling(rows).end(captures);
  tree.countWatches();
  following().end();
  const about = { captures, clock, version: '0' };
  const knowledge = new PathKnowledge(history, last.time);
  const documents = {
    analyze: analyzeDocument(analysis, captures, clock),
    sessions: sessionsDocument({ ...about, table, sort: 'from', top: Infinity }),
    stats: statsDocument({
      ...about,
      statistics,
      grouping,
      depth: null,
      interval: null,
      sort: 'requests',
      top: Infinity,
    }),
    tree: treeDocument(tree, {
      ...about,
      model,
      at: last.time,
      roots: [],
      depth: Infinity,
      touched: null,
      touchedForgotten: 0,
    }),
    path: pathDocument(knowledge, { ...about, shows: EVERYTHING, at: null, near: [] }),
    leases: leasesDocument(model.leases, clock),
    follow: ladderDocument(following(), { ...about, version: '0' }),
  };
  const [most] = [...paths].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const [busiest] = [...connections].sort(([a, x], [b, y]) => y - x || a - b);
  return {
    documents: JSON.parse(JSON.stringify(documents)) as Record<string, unknown>,
    records,
    path: most?.[0] ?? '/',
    connection: busiest?.[0] ?? 0,
  };
}

const ALL_TABLES: ReadonlySet<TableName> = new Set(tableNames);
const EVERYTHING = { frames: () => true, change: () => true, session: () => true };
