import { InvalidArgumentError, Option, type Command } from 'commander';
import type { FilterOptions, TimeBound } from '../../observations/filter.js';
import type { HostsBy } from '../../observations/hosts/findHosts.js';
import type { FilterLists } from '../../observations/filterTerms.js';
import type { ServerPort } from '../../protocols/router.js';
import { oneOf } from './choices.js';
import { addressValues, errorValues, kindValues, opValues, pathValues, sessionValues } from './filterValues.js';
import { span } from './numbers.js';
import { timeZone, type Zone } from './timeZone.js';

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
  readonly notClient?: string[];
  readonly notServer?: string[];
  readonly notSession?: string[];
  readonly notPath?: string[];
  readonly notOp?: string[];
  readonly notKind?: string[];
  readonly notError?: string[];
  readonly time?: Zone;
  /** Nanoseconds that the clocks of hosts are ahead. */
  readonly clock?: (readonly [host: string, ahead: number])[];
  readonly hostsBy?: HostsBy;
}

/** What a port can be given to; a bare number is ZooKeeper's. */
const PORT_PROTOCOLS = ['zookeeper', 'zab', 'election', 'etcd'];

export function serverPort(value: string, before: ServerPort[] | undefined): ServerPort[] {
  const [, number = '', name = 'zookeeper'] = /^([^=]*)(?:=(.*))?$/.exec(value) ?? [];
  const port = Number(number);
  if (!/^\d+$/.test(number) || port < 1 || port > 65_535)
    throw new InvalidArgumentError('a port is a number from 1 to 65535.');
  return [...(before ?? []), { port, protocol: oneOf(name, PORT_PROTOCOLS, ', as in --port 20022=zab') }];
}

const UNITS: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, m: 60, min: 60, h: 3600, '': 1 };
const TIME_HELP =
  'a time is 2026-11-20T23:31:02.5Z, epoch seconds, 23:31:02 (the one within the capture), or +90s, +5m, +1h from its start.';

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
  const seconds = millis / 1000 + Number(`0${fraction ?? '.0'}`);
  return zone === undefined ? { kind: 'wall', seconds } : { kind: 'absolute', epochSeconds: seconds };
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

function clockAhead(
  value: string,
  before: (readonly [string, number])[] | undefined,
): (readonly [host: string, ahead: number])[] {
  const [, host, sign, ahead] = /^([^=]+)=([+-]?)(.+)$/.exec(value) ?? [];
  if (host === undefined || ahead === undefined)
    throw new InvalidArgumentError('a clock is that of a named host: zk2=+12ms.');
  const amount = /^0(ms|s)?$/.test(ahead) ? 0 : span(ahead);
  return [...(before ?? []), [host, sign === '-' ? -amount : amount]];
}

/** Adds the captures and the common options to a command. */
export function withCaptures(command: Command, argument = '<capture...>'): Command {
  return command
    .argument(
      argument,
      'capture files (pcap, pcapng; plain, gzip, zstd), in any order; HOST=FILE names its host; - for standard input',
    )
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
    .addOption(
      new Option(
        '--clock <host=span>',
        'how far the clock of a host is ahead: zk2=+12ms, zk3=-1.5s (repeatable; otherwise found out)',
      ).argParser(clockAhead),
    )
    .addOption(
      new Option(
        '--hosts-by <what>',
        'captures without a named host are of several: each file is of one, or each interface of a pcapng',
      ).choices(['file', 'interface']),
    )
    .addOption(
      new Option(
        '--time <zone>',
        'times as in utc, local ($TZ), +08:00, Asia/Shanghai; JSON is always in UTC',
      ).argParser(timeZone),
    )
    .optionsGroup('Filters (all combine; commas between several values; * and ? are wildcards):')
    .addOption(
      new Option('--client <address>', 'client ip, ip:port, or network such as 10.0.0.0/8').argParser(addressValues),
    )
    .addOption(new Option('--server <address>', 'server ip, ip:port, or network').argParser(addressValues))
    .addOption(new Option('--session <id>', 'session id, 0x…').argParser(sessionValues))
    .addOption(new Option('--path <path>', 'znode; /x/** for a subtree, /x/*/y').argParser(pathValues))
    .addOption(new Option('--op <op>', 'operation: getData, create*').argParser(opValues))
    .addOption(new Option('--kind <kind>', 'request, response, notification, gap').argParser(kindValues))
    .addOption(
      new Option('--error [name]', 'failed answers: any (behind the captures), or NoNode, NodeExists …')
        .argParser(errorValues)
        .preset('*'),
    )
    .addOption(
      new Option('--from <time>', 'not before: 2026-11-20T23:31:02Z, 23:31:02, or +90s from the start').argParser(
        parseTime,
      ),
    )
    .addOption(new Option('--to <time>', 'not after').argParser(parseTime))
    .addOption(new Option('--frame <a-b>', 'frames by number').argParser(frames))
    .addOption(new Option('--not-client <address>', 'clients that are left out').argParser(addressValues))
    .addOption(new Option('--not-server <address>', 'servers that are left out').argParser(addressValues))
    .addOption(new Option('--not-session <id>', 'sessions that are left out').argParser(sessionValues))
    .addOption(new Option('--not-path <path>', 'paths that are left out').argParser(pathValues))
    .addOption(new Option('--not-op <op>', 'operations that are left out: ping').argParser(opValues))
    .addOption(new Option('--not-kind <kind>', 'kinds that are left out').argParser(kindValues))
    .addOption(new Option('--not-error <name>', 'errors that are left out').argParser(errorValues))
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
    not: leftOut(options),
    from: options.from ?? null,
    to: options.to ?? null,
    frames: options.frame ?? null,
  };
}

function leftOut(options: CaptureOptions): FilterLists {
  return {
    clients: options.notClient ?? [],
    servers: options.notServer ?? [],
    sessions: options.notSession ?? [],
    paths: options.notPath ?? [],
    ops: options.notOp ?? [],
    kinds: options.notKind ?? [],
    errors: options.notError ?? [],
  };
}
