import { analyzeDocument } from '../report/analyze/build.js';
import type { CaptureInput } from '../capture/captureInput.js';
import { PathHistory, PathKnowledge } from '../model/journals/path/index.js';
import { SessionTable } from '../model/journals/sessionTable.js';
import { TreeRecorder } from '../model/journals/tree/index.js';
import { Grouping } from '../model/measures/grouping.js';
import { Statistics } from '../model/measures/statistics.js';
import { CaptureReader } from '../observations/captureReader.js';
import { sinkOf, together, type Sink } from '../observations/forward.js';
import { JournalWriter } from '../observations/journal/writer.js';
import { gapRecord, messageRecord, type MessageRecord } from '../observations/record.js';
import type { ZooKeeperMessage } from '../protocols/zookeeper/message.js';
import { leasesDocument } from '../report/leases/document.js';
import { pathDocument } from '../report/path/document.js';
import { sessionsDocument } from '../report/sessions/document.js';
import { statsDocument } from '../report/stats/document.js';
import { treeDocument } from '../report/tree/document.js';
import { Analysis } from '../rules/analysis.js';

/** All that commands make of an input, and the path that most of its messages are about. */
export interface Documents {
  readonly documents: Readonly<Record<string, unknown>>;
  readonly records: readonly MessageRecord[];
  readonly path: string;
}

/**
 * Reads an input once and makes of it what the commands make.
 * @param path the one that `path` is asked about
 * @param journal takes the lines of a journal of it
 */
export async function documentsOf(
  input: CaptureInput,
  path: string,
  journal: ((line: string) => void) | null = null,
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
  const keeping = sinkOf({
    message: (message, connection) => {
      const record = messageRecord(message, connection, reader.clock, { data: false });
      records.push(record);
      const about = record['path'];
      if (typeof about === 'string') paths.set(about, (paths.get(about) ?? 0) + 1);
      if (message.protocol === 'zookeeper') statistics.message(message as ZooKeeperMessage, connection);
    },
    gap: (gap, connection) => {
      records.push(gapRecord(gap, connection, reader.clock));
      statistics.gap(gap, connection);
    },
    closed: (connection) => {
      statistics.closed(connection);
    },
  });
  const journaling = (): JournalWriter => {
    const { clock } = reader;
    return (writer ??= new JournalWriter(clock, (line) => {
      journal?.(JSON.stringify(line));
    }));
  };
  let writer: JournalWriter | null = null;
  const writing: Sink = {
    opened: (...told) => {
      journaling().opened(...told);
    },
    tcp: (...told) => {
      journaling().tcp(...told);
    },
    message: (...told) => {
      journaling().message(...told);
    },
    ping: (...told) => {
      journaling().ping(...told);
    },
    pingAnswer: (...told) => {
      journaling().pingAnswer(...told);
    },
    gap: (...told) => {
      journaling().gap(...told);
    },
    acknowledged: (...told) => {
      journaling().acknowledged(...told);
    },
    closed: (...told) => {
      journaling().closed(...told);
    },
  };
  const sinks = journal === null ? [keeping, model] : [writing, keeping, model];
  const reader: CaptureReader = new CaptureReader([input], together(sinks));
  await reader.read();
  const { captures, clock, last, connections } = reader;
  if (journal !== null) {
    const { seen, forgotten } = connections;
    const ended = { captures, last, connections: seen, forgottenConnections: forgotten, problems: reader.problems() };
    journaling().end(ended);
  }
  statistics.end();
  analysis.end(last.time);
  tree.countWatches();
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
    tree: treeDocument(tree, { ...about, model, at: last.time, roots: [], depth: Infinity, touched: null }),
    path: pathDocument(knowledge, { ...about, shows: EVERYTHING, at: null, near: [] }),
    leases: leasesDocument(model.leases, clock),
  };
  const [most] = [...paths].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return {
    documents: JSON.parse(JSON.stringify(documents)) as Record<string, unknown>,
    records,
    path: most?.[0] ?? '/',
  };
}

const EVERYTHING = { frames: () => true, change: () => true, session: () => true };
