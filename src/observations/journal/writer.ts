import { allProtocols } from '../../protocols/registry.js';
import type { JournalFormat } from '../../protocols/journal.js';
import type { Gap } from '../../protocols/protocol.js';
import type { Message } from '../../protocols/registry.js';
import {
  TO_SERVER,
  type Acknowledgement,
  type ConnectionFacts,
  type Moment,
  type TcpEvent,
} from '../connectionFacts.js';
import type { MessageFilter } from '../filter.js';
import type { CaptureInfo, Clock, Problem } from '../inputs.js';
import type { ObservationSink } from '../observation.js';
import { gapRecord, messageRecord, type MessageRecord } from '../record.js';
import { connectionFields } from './factsFields.js';

/** Changes when a line of today would be misread by the program of then. */
export const JOURNAL_VERSION = 1;

/** What the reading of captures came to, for the journal's last lines. */
export interface JournalEnd {
  readonly captures: readonly CaptureInfo[];
  /** Latest frame, and its time in nanoseconds since the base of the Clock. */
  readonly last: { readonly frame: number; readonly time: number };
  /** TCP connections of any kind that were seen, and that had to be forgotten. */
  readonly connections: number;
  readonly forgottenConnections: number;
  readonly problems: readonly Problem[];
  /** Another file goes on. */
  readonly continues?: boolean;
}

/**
 * Writes observations as lines from which the same observations can be read again, on any host: messages and gaps as
 * `decode --json` prints them, and between them what else the model is told. No payload, no credentials.
 */
export class JournalWriter implements ObservationSink {
  private readonly formats = new Map<string, JournalFormat>();
  private begun = false;
  /** Of the lines that follow, where they say a host. */
  private run: string | undefined;
  private lines = 0;
  /** Epoch seconds of the latest line: by it lines of several hosts keep the order in which each was written. */
  private latest = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly write: (line: MessageRecord) => void,
    private readonly filter: MessageFilter | null = null,
    /** Where the packets were captured, if lines are to say so. */
    private readonly host: string | null = null,
    /** Of a recorder that goes on where it was killed: its name, without a hyphen. */
    private readonly recorder: string | null = null,
  ) {
    for (const { name, journal } of allProtocols()) this.formats.set(name, journal);
  }

  opened(connection: ConnectionFacts): void {
    this.line('opened', connection.start, connection, { midStream: connection.midStream });
  }

  tcp(event: TcpEvent, connection: ConnectionFacts): void {
    this.line('tcp', event, connection, { direction: name(event.direction), event: event.kind });
  }

  acknowledged(acknowledgement: Acknowledgement, connection: ConnectionFacts): void {
    const { direction, acked, finAcked } = acknowledgement;
    const fields = { direction: name(direction), acked, ...(finAcked ? { finAcked } : {}) };
    this.line('acknowledged', acknowledgement, connection, fields);
  }

  closed(connection: ConnectionFacts): void {
    const moment = connection.endMoment ?? connection.start;
    this.line('closed', moment, connection, { end: connection.end, ...connectionFields(connection, this.clock) });
  }

  /**
   * Says again what went on before: for those who read only what follows. `granted` is the line of the answer that gave
   * the connection its session, `moment` that of the latest frame.
   */
  continued(connection: ConnectionFacts, granted: MessageRecord | null, moment: Moment): void {
    const fields = connectionFields(connection, this.clock);
    if (granted !== null) fields['granted'] = granted;
    if (connection.secured) fields['secured'] = true;
    this.line('continued', moment, connection, fields);
  }

  message(message: Message, connection: ConnectionFacts): void {
    if (this.filter?.message(message, connection) === false) return;
    const record = messageRecord(message, connection, this.clock, { data: false });
    record['streamEnd'] = message.streamEnd;
    Object.assign(record, this.formats.get(message.protocol)?.extra(message, this.clock));
    this.put(record);
  }

  ping(message: Message, connection: ConnectionFacts): void {
    this.message(message, connection);
  }

  pingAnswer(message: Message, connection: ConnectionFacts): void {
    this.message(message, connection);
  }

  gap(gap: Gap, connection: ConnectionFacts): void {
    if (this.filter?.gap(gap, connection) !== false) this.put(gapRecord(gap, connection, this.clock));
  }

  /** The captures are read. */
  end({ captures, last, connections, forgottenConnections, problems, continues }: JournalEnd): void {
    const { clock } = this;
    const { hosts } = clock;
    const at = (time: number | null): Record<string, unknown> => ({
      time: clock.format(time ?? last.time),
      ts: clock.epochSeconds(time ?? last.time),
    });
    for (const { from, to, linkTypes, packets, bytes, firstFrame, truncated, interrupted, ...info } of captures) {
      const [first, latest] = [from, to].map((time) => (time === null ? null : clock.format(time)));
      const told = { linkTypes, packets, bytes, from: first, to: latest, firstFrame, truncated, interrupted };
      const host = hosts.several && !hosts.inLines ? { host: hosts.names[hosts.indexOf(info.file)] } : {};
      this.put({ kind: 'capture', ...at(to), ...host, ...info, ...told });
    }
    const { frame } = last;
    const goesOn = continues === true ? { continues } : {};
    this.put({ kind: 'end', ...at(last.time), frame, ...goesOn, connections, forgottenConnections, problems });
  }

  /**
   * What follows begins a file.
   * @param time of the latest frame
   * @param dropped lines that were to be written before and are lost: then what follows is another reading's
   */
  beginAgain(time: number, dropped = 0): void {
    this.begun = true;
    const { clock } = this;
    if (dropped > 0) this.run = this.runAt(time);
    const lost = dropped > 0 ? { dropped } : {};
    const place = { time: clock.format(time), ts: clock.epochSeconds(time) };
    this.say({ kind: 'journal', ...place, version: JOURNAL_VERSION, ...lost });
  }

  /** No two readings on one host begin in the same microsecond, and reading the same capture again gives the same. */
  private runAt(time: number): string | undefined {
    if (this.host === null) return undefined;
    const begin = Math.round(this.clock.epochSeconds(time) * 1e6).toString(36);
    return this.recorder === null ? begin : `${this.recorder}-${begin}`;
  }

  private line(
    kind: string,
    { frame, time }: { readonly frame: number; readonly time: number },
    { id, client, server, protocol }: ConnectionFacts,
    fields: Record<string, unknown>,
  ): void {
    const { clock } = this;
    const place = { frame, time: clock.format(time), ts: clock.epochSeconds(time), protocol, connection: id };
    this.put({ kind, ...place, client: client.text, server: server.text, ...fields });
  }

  private put(line: MessageRecord): void {
    if (!this.begun) {
      const time = this.clock.firstTime ?? 0;
      this.run = this.runAt(time);
      this.beginAgain(time);
    }
    this.say(line);
  }

  private say(line: MessageRecord): void {
    if (this.host !== null) {
      line['host'] = this.host;
      line['run'] = this.run;
      line['seq'] = this.lines++;
      const { ts } = line;
      if (typeof ts === 'number' && ts < this.latest) line['told'] = this.latest;
      else if (typeof ts === 'number') this.latest = ts;
    }
    this.write(line);
  }
}

function name(direction: number): 'request' | 'response' {
  return direction === TO_SERVER ? 'request' : 'response';
}
