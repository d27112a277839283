import { LineFields } from '../../protocols/lineFields.js';
import type { LineReader } from '../../protocols/journal.js';
import type { Gap } from '../../protocols/protocol.js';
import type { Message } from '../../protocols/registry.js';
import { allProtocols } from '../../protocols/registry.js';
import {
  applyAcknowledgement,
  applyTcpEvent,
  ConnectionFacts,
  TO_CLIENT,
  TO_SERVER,
  type ConnectionEnd,
  type Direction,
  type Endpoint,
  type Moment,
  type TcpEventKind,
} from '../connectionFacts.js';
import type { CaptureInfo, Clock, Problem } from '../inputs.js';
import { tell, type ObservationSink } from '../observation.js';
import { lineOfHost } from '../hosts/lines.js';
import { readConnection } from './factsFields.js';
import { SharedNames } from './sharedNames.js';
import { Readings } from './readings.js';
import { TableRows } from './tableRow.js';
import { JOURNAL_VERSION } from './writer.js';

/**
 * Ended connections that are remembered for what still comes of them, as the reassembly does.
 * @bound connections
 */
const CLOSED_KEPT = 2048;
/**
 * Connections that are kept, as by the reassembly; beyond it the oldest eighth are forgotten.
 * @bound connections
 */
const MOST_OPEN = 20_000;
/**
 * Decoded lines that are no lines of zkscope, of which the first are told.
 * @bound lines
 */
const MOST_PROBLEMS = 100;
const EVENTS: readonly TcpEventKind[] = [
  ...(['syn', 'synRetransmission', 'synAck', 'refused', 'fin', 'finRetransmission'] as const),
  ...(['rst', 'retransmission', 'keepAlive', 'zeroWindow', 'dsack', 'outOfOrder'] as const),
];
const ENDS: readonly ConnectionEnd[] = ['open', 'fin', 'rst', 'replaced', 'forgotten'];
const REASONS = ['missing', 'skipped', 'foreign', 'encrypted'] as const satisfies readonly Gap['reason'][];
const ENCRYPTED = ['no key', 'key does not fit', 'handshake not captured', 'cipher not supported'] as const;
const KINDS: readonly Message['kind'][] = ['request', 'response', 'notification', 'message'];

/**
 * Decoded lines as a source of observations (`decode --json --connections` writes them). Lines come from strangers: what is
 * not as it ought to be is passed over, and counted. Lines without the journal's own (`decode --json` alone) are messages
 * of connections of which nothing else is known.
 */
export class LineSource {
  /** Latest frame that a line has told, and its time. */
  lastFrame = 0;
  lastTime = 0;
  connections = 0;
  forgottenConnections = 0;
  readonly problems: Problem[] = [];
  private readonly readers = new Map<string, LineReader<Message>>();
  private readonly shared = new SharedNames();
  private readonly open = new Map<string, ConnectionFacts>();
  /** Keys of those that have ended, oldest first. */
  private readonly closed = new Set<string>();
  private readonly told = new Map<number, CaptureInfo>();
  private readonly ended = new Set<number>();
  private readonly unread = new Map<number, number>();
  /** Lines that a recorder had to drop. */
  private readonly lost = new Map<number, number>();
  private readonly readings = new Readings();
  private readonly rows = new TableRows();
  private numbers = 0;
  /** Nobody has named hosts: lines of several may come in one stream. */
  private readonly hostsInLines: boolean;

  /** @param names of the inputs: the connections of one alone keep their numbers */
  constructor(
    private readonly sink: ObservationSink,
    private readonly clock: Clock,
    private readonly names: readonly string[],
  ) {
    this.hostsInLines = clock.hosts.inLines || clock.hosts.names.length === 0;
    for (const { name, journal } of allProtocols()) this.readers.set(name, journal.reader(clock));
  }

  /** One line: `time` is that of its field, in nanoseconds since the base of the Clock. */
  line(object: Readonly<Record<string, unknown>>, time: number, input: number): void {
    const fields = this.rows.line(object) as Record<string, unknown>;
    this.shared.share(fields);
    const line = new LineFields(this.ofHost(fields, input));
    const frame = line.integer('frame');
    // Where there are several readings, each has its own numbers.
    if (frame !== null && (line.text('run') === null ? frame >= this.lastFrame : time >= this.lastTime)) {
      this.lastFrame = frame;
      this.lastTime = time;
    }
    if (!this.take(line, frame, time, input)) this.unread.set(input, (this.unread.get(input) ?? 0) + 1);
  }

  private ofHost(line: Readonly<Record<string, unknown>>, input: number): Readonly<Record<string, unknown>> {
    const { hosts } = this.clock;
    if (this.hostsInLines) {
      const { host } = line;
      const index = typeof host === 'string' ? hosts.ofLine(host) : 0;
      return index === 0 ? line : lineOfHost(line, this.clock, index, 0);
    }
    if (!hosts.several) return line;
    const file = this.names[input] ?? '';
    return lineOfHost(line, this.clock, hosts.indexOf(file), hosts.offsetOf(file));
  }

  /** All lines are read: puts what the journal says of its captures in place of what is known of the file of lines. */
  end(captures: readonly CaptureInfo[]): void {
    // Where the journal was cut, nothing says how they went on.
    for (const [key, connection] of this.open) if (!this.closed.has(key)) this.sink.closed(connection);
    for (const [input, info] of captures.entries()) {
      if (info.format?.startsWith('ndjson') !== true) continue;
      const bad = this.unread.get(input) ?? 0;
      if (bad > 0) info.problems.push(`${bad} line(s) are not as zkscope writes them`);
      const lost = this.lost.get(input) ?? 0;
      if (lost > 0) info.problems.push(`${lost} line(s) could not be recorded: the disk was full`);
      this.describe(info, this.told.get(input), this.ended.has(input));
    }
  }

  private describe(info: CaptureInfo, told: CaptureInfo | undefined, ended: boolean): void {
    if (told === undefined || !ended) {
      info.truncated = true;
      info.problems.push('the journal has no end: its last lines are missing, or it was written without --connections');
      return;
    }
    info.linkTypes.push(...told.linkTypes);
    Object.assign(info, { packets: told.packets, from: told.from, to: told.to, firstFrame: told.firstFrame });
    if (told.truncated) info.truncated = true;
    if (told.interrupted) info.interrupted = true;
    info.problems.push(...told.problems);
  }

  private take(line: LineFields, frame: number | null, time: number, input: number): boolean {
    const kind = line.text('kind');
    switch (kind) {
      case 'journal':
        return this.journal(line, input);
      case 'capture':
        return this.capture(line, input);
      case 'end':
        return this.finished(line, input);
      default:
    }
    const id = line.integer('connection');
    const client = endpointOf(line.text('client'));
    const server = endpointOf(line.text('server'));
    if (frame === null || id === null || client === null || server === null) return false;
    const { hosts } = this.clock;
    // Of a connection that was captured at both ends each line counts once.
    if (hosts.pairs !== null && !hosts.counts(hosts.indexOfFrame(frame), client.text, server.text)) return true;
    const run = line.text('run');
    const number = run === null ? id : null;
    if (run !== null) this.reading(line.text('host') ?? '', run, time);
    const key = run === null ? `${input} ${id}` : `${line.text('host') ?? ''} ${run} ${id}`;
    let connection = this.open.get(key);
    // A file that is read alone begins so; where those before it are read too, all is known.
    if (kind === 'continued')
      return connection !== undefined || this.goesOn(key, line, { client, server }, { frame, time });
    if (kind === 'opened') {
      const opened = this.begin(key, number, client, server, { frame, time }, line.flag('midStream'));
      opened.protocol = line.text('protocol');
      this.sink.opened(opened);
      if (run !== null && opened.midStream)
        this.granted(this.readings.sessionOf(line.text('host') ?? '', opened), opened);
      return true;
    }
    if (connection === undefined) {
      // What is told of a connection after its end, whose other lines are in another file.
      if (run !== null && (kind === 'acknowledged' || kind === 'tcp' || kind === 'closed')) return true;
      connection = this.begin(key, number, client, server, { frame, time }, true);
      connection.protocol = line.text('protocol');
      this.sink.opened(connection);
    }
    if (line.text('protocol') === 'tls') connection.secured = true;
    const direction = directionOf(line);
    switch (kind) {
      case 'tcp': {
        const event = EVENTS.find((name) => name === line.text('event'));
        if (event === undefined || direction === null) return false;
        const told = { kind: event, direction, frame, time };
        applyTcpEvent(connection, told);
        this.sink.tcp(told, connection);
        return true;
      }
      case 'acknowledged': {
        const acked = line.integer('acked');
        if (acked === null || direction === null) return false;
        const told = { direction, frame, time, acked, finAcked: line.flag('finAcked') };
        applyAcknowledgement(connection, told);
        this.sink.acknowledged(told, connection);
        return true;
      }
      case 'closed': {
        const end = ENDS.find((name) => name === line.text('end'));
        if (end === undefined) return false;
        this.close(key, connection, line, end, { frame, time });
        return true;
      }
      case 'gap':
        return this.gap(line, connection, direction, frame, time);
      default:
        return this.message(line, connection, frame, time);
    }
  }

  private journal(line: LineFields, input: number): boolean {
    const dropped = line.integer('dropped') ?? 0;
    if (dropped > 0) this.lost.set(input, (this.lost.get(input) ?? 0) + dropped);
    return (line.integer('version') ?? 0) <= JOURNAL_VERSION;
  }

  /** A line of this reading comes: what another one of the same host had open is not told of any more. */
  private reading(host: string, run: string, time: number): void {
    const ended = this.readings.now(host, run, time);
    if (ended === null) return;
    const prefix = `${host} ${ended.run} `;
    for (const [key, connection] of this.open) {
      if (!key.startsWith(prefix) || this.closed.has(key)) continue;
      this.readings.leave(host, connection, ended.time);
      const { toServer, toClient, start } = connection;
      const frame = Math.max(start.frame, toServer.lastFrame, toClient.lastFrame);
      this.giveUp(key, connection, { frame, time: ended.time });
    }
  }

  private goesOn(
    key: string,
    line: LineFields,
    { client, server }: { readonly client: Endpoint; readonly server: Endpoint },
    moment: Moment,
  ): boolean {
    const connection = this.begin(key, null, client, server, moment, true);
    connection.protocol = line.text('protocol');
    connection.secured = line.flag('secured');
    readConnection(connection, line, this.clock);
    this.connections++;
    this.sink.opened(connection);
    this.granted(line.object('granted'), connection);
    return true;
  }

  /** The session of a connection whose handshake was read before, by the line of its answer. */
  private granted(line: LineFields | null, connection: ConnectionFacts): void {
    const [frame, time] = [line?.integer('frame'), this.clock.parse(line?.text('time') ?? '')];
    if (line === null || typeof frame !== 'number' || time === null || line.text('op') !== 'connect') return;
    if (line.text('kind') === 'response') this.message(line, connection, frame, time);
  }

  private capture(line: LineFields, input: number): boolean {
    const before = this.told.get(input);
    const [from, to] = ['from', 'to'].map((name) => this.clock.parse(line.text(name) ?? ''));
    this.told.set(input, {
      file: '',
      format: null,
      linkTypes: [...new Set([...(before?.linkTypes ?? []), ...(line.texts('linkTypes') ?? [])])],
      packets: (before?.packets ?? 0) + (line.integer('packets') ?? 0),
      bytes: 0,
      from: least(before?.from ?? null, from ?? null),
      to: most(before?.to ?? null, to ?? null),
      firstFrame: least(before?.firstFrame ?? null, line.integer('firstFrame')),
      truncated: before?.truncated === true || line.flag('truncated'),
      interrupted: before?.interrupted === true || line.flag('interrupted'),
      problems: [...(before?.problems ?? []), ...(line.texts('problems') ?? [])],
    });
    return true;
  }

  private finished(line: LineFields, input: number): boolean {
    this.ended.add(input);
    this.connections += line.integer('connections') ?? 0;
    this.forgottenConnections += line.integer('forgottenConnections') ?? 0;
    for (const problem of line.objects('problems') ?? []) {
      const [kind, count, firstFrame] = [problem.text('kind'), problem.integer('count'), problem.integer('firstFrame')];
      if (kind === null || count === null || firstFrame === null) continue;
      if (this.problems.length < MOST_PROBLEMS)
        this.problems.push({ kind: kind as Problem['kind'], count, firstFrame });
    }
    return true;
  }

  private message(line: LineFields, connection: ConnectionFacts, frame: number, time: number): boolean {
    const kind = KINDS.find((name) => name === line.text('kind'));
    const reader = this.readers.get(line.text('protocol') ?? '');
    if (kind === undefined || reader === undefined) return false;
    const direction = kind === 'message' ? directionOf(line) : kind === 'request' ? TO_SERVER : TO_CLIENT;
    const message = reader.message(
      line,
      {
        direction: direction ?? TO_SERVER,
        kind,
        op: line.text('op'),
        frame,
        time,
        firstFrame: line.integer('firstFrame') ?? frame,
        streamEnd: line.integer('streamEnd') ?? 0,
        truncated: line.flag('truncated'),
      },
      connection,
    );
    if (message === null) return false;
    if (kind === 'response' && line.text('op') === 'connect') this.readings.granted(connection, line);
    tell(this.sink, message, connection);
    return true;
  }

  private gap(
    line: LineFields,
    connection: ConnectionFacts,
    direction: Direction | null,
    frame: number,
    time: number,
  ): boolean {
    const bytes = line.integer('bytes');
    const reason = line.text('reason') ?? 'missing';
    if (bytes === null || bytes <= 0 || direction === null) return false;
    const known = REASONS.find((name) => name === reason);
    if (known === undefined) return false;
    const encrypted = ENCRYPTED.find((name) => name === line.text('encrypted'));
    const firstBytes = line.text('firstBytes');
    connection.foreign = line.text('foreign') ?? connection.foreign;
    for (const reader of this.readers.values()) reader.gap(connection.id, direction);
    this.sink.gap(
      {
        ...{ direction, frame, time, bytes, reason: known },
        ...(encrypted === undefined ? {} : { encrypted }),
        ...(firstBytes === null || !/^([0-9a-f]{2}){1,8}$/.test(firstBytes) ? {} : { firstBytes }),
      },
      connection,
    );
    return true;
  }

  /** @param id its number, if that can be of one connection only */
  private begin(
    key: string,
    id: number | null,
    client: Endpoint,
    server: Endpoint,
    start: Moment,
    midStream: boolean,
  ): ConnectionFacts {
    const number = this.names.length === 1 && id !== null ? id : this.numbers++;
    const connection = new ConnectionFacts(number, client, server, start, midStream);
    this.open.set(key, connection);
    if (this.open.size - this.closed.size > MOST_OPEN) this.forget(start);
    return connection;
  }

  private forget(moment: Moment): void {
    let left = MOST_OPEN >>> 3;
    for (const [key, connection] of this.open) {
      if (this.closed.has(key)) continue;
      this.giveUp(key, connection, moment);
      if (--left === 0) return;
    }
  }

  /** What becomes of it is unknown from here on. */
  private giveUp(key: string, connection: ConnectionFacts, moment: Moment): void {
    connection.end = 'forgotten';
    connection.endMoment = moment;
    this.forgottenConnections++;
    this.sink.closed(connection);
    for (const reader of this.readers.values()) reader.closed(connection.id);
    this.open.delete(key);
  }

  private close(key: string, connection: ConnectionFacts, line: LineFields, end: ConnectionEnd, moment: Moment): void {
    connection.end = end;
    connection.endMoment = moment;
    connection.protocol = line.text('protocol');
    readConnection(connection, line, this.clock);
    this.sink.closed(connection);
    for (const reader of this.readers.values()) reader.closed(connection.id);
    this.closed.add(key);
    if (this.closed.size <= CLOSED_KEPT) return;
    for (const oldest of this.closed) {
      this.closed.delete(oldest);
      this.open.delete(oldest);
      break;
    }
  }
}

function directionOf(line: LineFields): Direction | null {
  const direction = line.text('direction');
  return direction === 'request' ? TO_SERVER : direction === 'response' ? TO_CLIENT : null;
}

/** `10.0.0.1:2181` or `[fd77::1]:2181`; null for anything else. */
function endpointOf(text: string | null): Endpoint | null {
  const match = /^(?:\[([0-9a-f:.]{2,45})\]|(\d{1,3}(?:\.\d{1,3}){3})):(\d{1,5})$/.exec(text ?? '');
  return match === null ? null : { ip: (match[1] ?? match[2])!, port: Number(match[3]), text: text! };
}

function least(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}

function most(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
