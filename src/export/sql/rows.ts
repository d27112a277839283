import { connectionFields } from '../../observations/journal/factsFields.js';
import { sinkOf, together, type Sink } from '../../observations/forward.js';
import type { ConnectionFacts } from '../../observations/connectionFacts.js';
import type { MessageFilter } from '../../observations/filter.js';
import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import { gapRecord, messageRecord } from '../../observations/record.js';
import type { JournalFormat } from '../../protocols/journal.js';
import type { Message } from '../../protocols/registry.js';
import { allProtocols } from '../../protocols/registry.js';
import { analyzeDocument } from '../../report/analyze/build.js';
import { hostFrames } from '../../report/text/hostFrames.js';
import type { Analysis } from '../../rules/analysis.js';
import type { TableName } from './tables.js';

/** Who takes rows. */
export interface RowSink {
  add(table: TableName, row: object): void;
}

export interface RowOptions {
  readonly clock: Clock;
  readonly filter: MessageFilter | null;
  /** Tables that are wanted. */
  readonly tables: ReadonlySet<TableName>;
  /** For sessions and findings; null where those are not wanted. */
  readonly analysis: Analysis | null;
}

/** What is told of captures, as rows of tables: the JSON outputs' objects. */
export class Rows {
  readonly sink: Sink;
  private readonly formats = new Map<string, JournalFormat>();

  constructor(
    private readonly rows: RowSink,
    private readonly options: RowOptions,
  ) {
    const { tables, analysis } = options;
    for (const { name, journal } of allProtocols()) this.formats.set(name, journal);
    const message = (told: Message, connection: ConnectionFacts): void => {
      this.message(told, connection);
    };
    const telling = sinkOf({
      ...(tables.has('messages') ? { message } : {}),
      gap: (gap, connection) => {
        if (tables.has('gaps') && options.filter?.gap(gap, connection) !== false)
          this.add('gaps', gapRecord(gap, connection, options.clock));
      },
      closed: (connection) => {
        if (tables.has('connections')) this.connection(connection);
      },
    });
    this.sink = analysis === null ? telling : together([telling, analysis.sink]);
  }

  /** The captures are read; `analysis` has come to its end. */
  end(captures: readonly CaptureInfo[]): void {
    const { analysis, clock, tables } = this.options;
    if (analysis === null) return;
    const { sessions, findings } = analyzeDocument(analysis, captures, clock);
    if (tables.has('sessions')) for (const session of sessions) this.add('sessions', session);
    if (tables.has('findings')) for (const finding of findings) this.add('findings', finding);
  }

  /** Frames are those of their hosts, which are named beside them. */
  private add(name: TableName, row: object): void {
    this.rows.add(name, hostFrames(row, this.options.clock.hosts, false));
  }

  private message(message: Message, connection: ConnectionFacts): void {
    const { filter, clock } = this.options;
    if (filter?.message(message, connection) === false) return;
    const record = messageRecord(message, connection, clock, { data: false });
    record['streamEnd'] = message.streamEnd;
    // What belongs together is joined by `requestFrame`.
    this.add('messages', Object.assign(record, this.formats.get(message.protocol)?.extra(message, clock)));
  }

  private connection(connection: ConnectionFacts): void {
    const { clock } = this.options;
    const { id, client, server, protocol, start, midStream, end } = connection;
    const last = connection.endMoment ?? start;
    this.add('connections', {
      ...{ frame: last.frame, time: clock.format(last.time), ts: clock.epochSeconds(last.time) },
      ...{ connection: id, client: client.text, server: server.text, protocol, midStream, end },
      start: { frame: start.frame, time: clock.format(start.time) },
      ...connectionFields(connection, clock),
    });
  }
}
