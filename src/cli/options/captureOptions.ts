import { InvalidArgumentError, Option, type Command } from 'commander';
import type { FilterOptions, TimeBound } from '../../observations/filter.js';
import type { ServerPort } from '../../protocols/router.js';
import { errorNames } from '../../protocols/zookeeper/format/errors.js';

/** Options that every command over captures has, as commander gives them. */
export interface CaptureOptions {
  readonly port?: ServerPort[];
  readonly tlsKeys?: string[];
  readonly client?: string[];
  readonly server?: string[];
  readonly session?: string[];
  readonly path?: string[];
  readonly op?: string[];
  readonly kind?: string[];
  readonly error?: string[];
  readonly from?: TimeBound;
  readonly to?: TimeBound;
  readonly frame?: [number, number];
}

const list = (value: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  ...value.split(',').filter((part) => part !== ''),
];

/** What a port can be given to; a bare number is ZooKeeper's. */
const PORT_PROTOCOLS = ['zookeeper', 'zab', 'election', 'etcd'];

function serverPort(value: string, before: ServerPort[] | undefined): ServerPort[] {
  const [number = '', protocol = 'zookeeper', more] = value.split('=');
  const port = Number(number);
  if (!/^\d+$/.test(number) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('a port is a number from 1 to 65535.');
  if (more !== undefined || !PORT_PROTOCOLS.includes(protocol))
    throw new InvalidArgumentError(`a port can carry ${PORT_PROTOCOLS.join(', ')}: --port ${port}=zab.`);
  return [...(before ?? []), { port, protocol }];
}

function session(value: string, before: string[] | undefined): string[] {
  const digits = /^(?:0x)?0*([0-9a-f]{1,16})$/i.exec(value)?.[1];
  if (digits === undefined)
    throw new InvalidArgumentError('a session id is up to 16 hexadecimal digits, such as 0x100003986b70000.');
  return [...(before ?? []), `0x${digits.toLowerCase()}`];
}

function path(value: string, before: string[] | undefined): string[] {
  if (!value.startsWith('/')) throw new InvalidArgumentError('a path begins with /; a subtree is /x/**.');
  return [...(before ?? []), value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value];
}

/** What `--error` without a name stands for. */
const ANY_ERROR = '*';

function errors(value: string, before: string[] | undefined): string[] {
  if (value === ANY_ERROR) return [...(before ?? []), ANY_ERROR];
  const names = value.split(',').map((name) => {
    const known = errorNames.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
    if (known === undefined)
      throw new InvalidArgumentError(`no error of ZooKeeper is called that; the names are ${errorNames.join(', ')}.`);
    return known;
  });
  return [...(before ?? []), ...names];
}

const KINDS = ['request', 'response', 'notification', 'message', 'gap'];

function kinds(value: string, before: string[] | undefined): string[] {
  for (const kind of value.split(',')) {
    if (!KINDS.includes(kind)) throw new InvalidArgumentError(`the kinds are ${KINDS.join(', ')}.`);
  }
  return list(value, before);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, m: 60, min: 60, h: 3600, '': 1 };
const TIME_HELP =
  'a time is 2026-11-20T23:31:02.5Z, epoch seconds, 23:31:02 (on the first day of the capture, UTC), or +90s, +5m, +1h from its start.';

/** Reads a moment: absolute, time of day, or relative to the start of the capture. */
export function parseTime(value: string): TimeBound {
  const relative = /^\+(\d+(?:\.\d+)?)(ms|s|m|min|h|)$/.exec(value);
  if (relative !== null) return { kind: 'relative', seconds: Number(relative[1]) * UNITS[relative[2]!]! };
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?$/.exec(value);
  if (clock !== null)
    return { kind: 'clock', secondsOfDay: Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] ?? 0) };
  if (/^\d{9,}(\.\d+)?$/.test(value)) return { kind: 'absolute', epochSeconds: Number(value) };
  const calendar = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(value);
  if (calendar === null) throw new InvalidArgumentError(TIME_HELP);
  const [, day, time, fraction, zone] = calendar;
  const millis = Date.parse(
    `${day!}T${time === undefined ? '00:00:00' : time.length === 5 ? `${time}:00` : time}${zone ?? 'Z'}`,
  );
  if (Number.isNaN(millis)) throw new InvalidArgumentError(TIME_HELP);
  return { kind: 'absolute', epochSeconds: millis / 1000 + Number(`0${fraction ?? '.0'}`) };
}

function frames(value: string): [number, number] {
  const range = /^(\d+)?(-)?(\d+)?$/.exec(value);
  const [, first, dash, last] = range ?? [];
  if (first === undefined && last === undefined)
    throw new InvalidArgumentError('frames are A-B, A-, -B, or one number.');
  const from = first === undefined ? 1 : Number(first);
  const to = dash === undefined ? from : last === undefined ? Infinity : Number(last);
  if (from > to) throw new InvalidArgumentError('the first frame comes after the last.');
  return [from, to];
}

/** Adds the captures and the common options to a command. */
export function withCaptures(command: Command, argument = '<capture...>'): Command {
  return command
    .argument(argument, 'capture files (pcap, pcapng; plain, gzip, zstd), in any order; - for standard input')
    .addOption(
      new Option(
        '--port <port>',
        'server port that carries ZooKeeper whatever its bytes look like, or 20022=zab, =election, =etcd (repeatable)',
      ).argParser(serverPort),
    )
    .addOption(
      new Option(
        '--tls-keys <file>',
        'key log (SSLKEYLOGFILE) that TLS is decrypted with (repeatable; beside those in $ZKSCOPE_TLS_KEYS)',
      ).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]),
    )
    .optionsGroup('Filters (combine; repeat one to allow several values):')
    .addOption(new Option('--client <address>', 'client ip or ip:port').argParser(list))
    .addOption(new Option('--server <address>', 'server ip or ip:port').argParser(list))
    .addOption(new Option('--session <id>', 'session id, 0x…').argParser(session))
    .addOption(new Option('--path <path>', 'znode, or /x/** for a subtree').argParser(path))
    .addOption(new Option('--op <op>', 'operation: getData, create …').argParser(list))
    .addOption(new Option('--kind <kind>', 'request, response, notification, gap').argParser(kinds))
    .addOption(
      new Option('--error [name]', 'failed answers: any, or NoNode, NodeExists …').argParser(errors).preset(ANY_ERROR),
    )
    .addOption(
      new Option('--from <time>', 'not before: 2026-11-20T23:31:02Z, 23:31:02, or +90s from the start').argParser(
        parseTime,
      ),
    )
    .addOption(new Option('--to <time>', 'not after').argParser(parseTime))
    .addOption(new Option('--frame <a-b>', 'frames by number').argParser(frames))
    .optionsGroup('Options:');
}

/** The filters that were asked for. */
export function filterOptions(options: CaptureOptions): FilterOptions {
  return {
    clients: options.client ?? [],
    servers: options.server ?? [],
    sessions: options.session ?? [],
    paths: options.path ?? [],
    ops: options.op ?? [],
    kinds: options.kind ?? [],
    errors: options.error ?? [],
    from: options.from ?? null,
    to: options.to ?? null,
    frames: options.frame ?? null,
  };
}
