import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import picomatch from 'picomatch';
import { hostOf, isGlob, network } from '../../observations/filterPatterns.js';
import { allProtocols } from '../../protocols/registry.js';
import { errorNames } from '../../protocols/zookeeper/format/errors.js';
import { printable } from '../../report/text/escape.js';
import { didYouMean } from '../../observations/nearest.js';

/** Values of options that take several, also repeated: each is checked, and what is wrong is said with what is meant. */
type Values = (value: string, before: string[] | undefined) => string[];

const parts = (value: string): string[] => value.split(',').filter((part) => part !== '');

/** Parts of a list with commas between, but for those within braces of a glob. */
const namesOf = (value: string): string[] => (value.includes('{') ? [value] : parts(value));

const quoted = (text: string): string => JSON.stringify(printable(text));

/** Names of a list, whatever their case, or globs that fit one of them. Throws InvalidArgumentError. */
function known(names: () => readonly string[], what: string, hint: (value: string) => string = () => ''): Values {
  return (value, before = []) => [
    ...before,
    ...namesOf(value).map((name) => {
      const all = names();
      const same = all.find((candidate) => candidate === name) ?? all.find((candidate) => same1(candidate, name));
      if (same !== undefined) return same;
      if (isGlob(name)) {
        const glob = picomatch(name, { nocase: false, windows: false });
        if (all.some((candidate) => glob(candidate))) return name;
      }
      throw new InvalidArgumentError(`${quoted(name)} is no ${what}${hint(name) || didYouMean(name, all)}`);
    }),
  ];
}

const same1 = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** What is meant where a file stands in the place of the name that --error may have. */
const fileBehind = (name: string): string =>
  existsSync(name) || /[./]/.test(name)
    ? `: --error without a name, for any error, stands behind the captures: zkscope … ${printable(name)} --error`
    : '';

export const errorValues = known(() => errorNames, 'error of ZooKeeper', fileBehind);

export const KINDS = ['request', 'response', 'notification', 'message', 'gap'];
export const kindValues = known(() => KINDS, `kind of message (${KINDS.join(', ')})`);

/** `unknown(N)`: an opcode that no version defines. */
const UNKNOWN_OP = /^unknown\(-?\d{1,10}\)$/;

/** Names of the operations of all protocols. Those of etcd are open: paths and RPCs. */
export function operationNames(): string[] {
  return [...new Set(allProtocols().flatMap(({ ops }) => ops))];
}

const knownOps = known(operationNames, 'operation');

/** Operations: ZooKeeper's names, whatever their case, those of the other protocols, or globs. */
export const opValues: Values = (value, before = []) => {
  if (UNKNOWN_OP.test(value) || value.includes('/') || /^(GET|POST|PUT|DELETE|HEAD) /.test(value))
    return [...before, value];
  return knownOps(value, before);
};

/** Throws InvalidArgumentError. */
export const addressValues: Values = (value, before = []) => [
  ...before,
  ...parts(value).map((address) => {
    const ip = hostOf(address).replace(/^\[|\]$/g, '');
    if (isIP(ip) !== 0 || network(address) !== null) return isIP(address.replace(/^\[|\]$/g, '')) === 0 ? address : ip;
    const why = /[a-z]/i.test(address) && !address.includes(':') ? ' (a capture has no names of hosts)' : '';
    throw new InvalidArgumentError(
      `${quoted(address)} is no address${why}: it is an ip, ip:port, or a network such as 10.77.0.0/24`,
    );
  }),
];

/** Session ids as `0x…`, lower case, without leading zeros. Throws InvalidArgumentError. */
export const sessionValues: Values = (value, before = []) => [
  ...before,
  ...parts(value).map((id) => {
    const digits = /^(?:0x)?0*([0-9a-f]{1,16})$/i.exec(id)?.[1];
    if (digits === undefined)
      throw new InvalidArgumentError(
        `${quoted(id)} is no session id: up to 16 hexadecimal digits, such as 0x100003986b70000`,
      );
    return `0x${digits.toLowerCase()}`;
  }),
];

/** Paths of znodes, and globs of them. They may hold commas. Throws InvalidArgumentError. */
export const pathValues: Values = (value, before = []) => {
  if (!value.startsWith('/') && !value.startsWith('**'))
    throw new InvalidArgumentError(`${quoted(value)} is no path of a znode: it begins with /; a subtree is /x/**`);
  return [...before, value.length > 1 && value.endsWith('/') ? value.slice(0, -1) : value];
};
