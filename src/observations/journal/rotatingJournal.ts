import type { Gap } from '../../protocols/protocol.js';
import type { Message } from '../../protocols/registry.js';
import type { Acknowledgement, ConnectionFacts, TcpEvent } from '../connectionFacts.js';
import type { MessageFilter } from '../filter.js';
import type { Clock } from '../inputs.js';
import type { ObservationSink } from '../observation.js';
import type { MessageRecord } from '../record.js';
import { JournalWriter, type JournalEnd } from './writer.js';

/** Where the lines of a journal that has several files go. */
export interface JournalFiles {
  /** The file has reached its size. */
  readonly full: boolean;
  /** What is written from here on belongs into the file that begins at `seconds` since 1970. */
  next(seconds: number): void;
  write(line: MessageRecord): void;
}

export interface RotationOptions {
  /** Seconds of each file, which begin at whole multiples of them since 1970; Infinity for one file. */
  readonly every: number;
  readonly host: string;
  /** What tells this recorder from another on the host; no hyphen in it. */
  readonly recorder: string;
  readonly filter: MessageFilter | null;
}

/** A capture that is not at its end. */
const UNKNOWN = { file: '-', format: null, linkTypes: [], truncated: false, interrupted: false, problems: [] };

interface Live {
  readonly facts: ConnectionFacts;
  granted: MessageRecord | null;
}

/**
 * A journal in files of some time each. Every file begins with the connections that go on, and the sessions on them, and
 * ends as a journal does: it can be read alone, and all of them together.
 */
export class RotatingJournal implements ObservationSink {
  private readonly writer: JournalWriter;
  private readonly live = new Map<number, Live>();
  private until = -Infinity;
  private begin = 0;
  /** What was read by the beginning of the file, and until now. */
  private firstFrame = 0;
  private firstTime = 0;
  private frame = 0;
  private time = 0;
  private opens = 0;
  private last: MessageRecord | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly files: JournalFiles,
    private readonly options: RotationOptions,
  ) {
    const write = (line: MessageRecord): void => {
      this.last = line;
      files.write(line);
    };
    this.writer = new JournalWriter(clock, write, options.filter, options.host, options.recorder);
  }

  opened(connection: ConnectionFacts): void {
    this.at(connection.start);
    this.live.set(connection.id, { facts: connection, granted: null });
    this.opens++;
    this.writer.opened(connection);
  }

  tcp(event: TcpEvent, connection: ConnectionFacts): void {
    this.at(event);
    this.writer.tcp(event, connection);
  }

  acknowledged(acknowledgement: Acknowledgement, connection: ConnectionFacts): void {
    this.at(acknowledgement);
    this.writer.acknowledged(acknowledgement, connection);
  }

  closed(connection: ConnectionFacts): void {
    this.at(connection.endMoment ?? connection.start);
    this.live.delete(connection.id);
    this.writer.closed(connection);
  }

  message(message: Message, connection: ConnectionFacts): void {
    this.at(message);
    this.last = null;
    this.writer.message(message, connection);
    if (message.op !== 'connect' || message.kind !== 'response' || message.protocol !== 'zookeeper') return;
    const live = this.live.get(connection.id);
    // Without a line the filter kept it out.
    if (live !== undefined && message.err === 0) live.granted = this.last;
  }

  ping(message: Message, connection: ConnectionFacts): void {
    this.at(message);
    this.writer.ping(message, connection);
  }

  pingAnswer(message: Message, connection: ConnectionFacts): void {
    this.at(message);
    this.writer.pingAnswer(message, connection);
  }

  gap(gap: Gap, connection: ConnectionFacts): void {
    this.at(gap);
    this.writer.gap(gap, connection);
  }

  /** Lines were lost: from here on this is another reading, of connections that go on. */
  resumed(dropped: number): void {
    this.writer.beginAgain(this.time, dropped);
    this.sayLive();
  }

  /** The captures are read. */
  end(end: Pick<JournalEnd, 'captures' | 'last' | 'forgottenConnections' | 'problems'>): void {
    const { last, forgottenConnections, problems, captures } = end;
    if (this.until === -Infinity && last.frame === 0) return;
    if (this.until === -Infinity) this.start(last.time);
    this.frame = Math.max(this.frame, last.frame);
    this.time = Math.max(this.time, last.time);
    this.finish({ forgottenConnections, problems, captures });
  }

  private at({ frame, time }: { readonly frame: number; readonly time: number }): void {
    if (time >= this.until || (this.files.full && this.until !== -Infinity)) this.rotate(time);
    if (frame > this.frame) this.frame = frame;
    if (time > this.time) this.time = time;
  }

  private rotate(time: number): void {
    if (this.until === -Infinity) {
      this.start(time);
      return;
    }
    this.finish({ forgottenConnections: 0, problems: [], captures: [], continues: true });
    this.start(time);
    this.writer.beginAgain(this.time);
    this.sayLive();
  }

  private start(time: number): void {
    const { every } = this.options;
    const seconds = this.clock.epochSeconds(Math.max(time, this.time));
    // A file that is full goes on in another part of the same time.
    if (time >= this.until) {
      this.begin = every === Infinity ? Math.floor(seconds) : Math.floor(seconds / every) * every;
      this.until = every === Infinity ? Infinity : (this.begin + every - (this.clock.baseSeconds ?? 0)) * 1e9;
    }
    this.firstFrame = this.frame + 1;
    this.firstTime = time;
    this.opens = 0;
    this.files.next(this.begin);
  }

  private finish(end: Omit<JournalEnd, 'last' | 'connections'>): void {
    const { frame, time, firstFrame, firstTime, opens } = this;
    const [whole = UNKNOWN] = end.captures;
    const packets = Math.max(0, frame - firstFrame + 1);
    const part = { packets, bytes: 0, from: firstTime, to: time, firstFrame };
    this.writer.end({
      ...end,
      captures: [{ ...whole, ...part }],
      last: { frame, time },
      connections: opens,
    });
  }

  private sayLive(): void {
    const moment = { frame: this.frame, time: this.time };
    for (const { facts, granted } of this.live.values()) this.writer.continued(facts, granted, moment);
  }
}
