import { AddressPatterns, NamePatterns, PathPatterns } from './filterPatterns.js';

/** Values by what they are about. Of each list one must fit, and all lists must; an empty one asks nothing. */
export interface FilterLists {
  /** `ip`, `ip:port`, or a network such as `10.77.0.0/24`. */
  readonly clients: readonly string[];
  readonly servers: readonly string[];
  /** `0x…`, lower case, without leading zeros. */
  readonly sessions: readonly string[];
  /** Exact, `/x/**` for a subtree and its root, or a glob. */
  readonly paths: readonly string[];
  /** Names, or globs of them. */
  readonly ops: readonly string[];
  readonly kinds: readonly string[];
  /** Names of errors, or globs of them. */
  readonly errors: readonly string[];
}

export const NO_LISTS: FilterLists = {
  clients: [],
  servers: [],
  sessions: [],
  paths: [],
  ops: [],
  kinds: [],
  errors: [],
};

/** What tests values of one kind. */
export interface Patterns<Value> {
  fits(value: Value): boolean;
}

/** What is wanted of one kind of values, and what is not; null asks nothing. */
export class Term<P> {
  constructor(
    readonly wanted: P | null,
    readonly unwanted: P | null,
  ) {}

  get asks(): boolean {
    return this.wanted !== null || this.unwanted !== null;
  }
}

/** A value passes that is wanted, or that nothing was asked of, and is not among the unwanted. */
export function passes<Value>({ wanted, unwanted }: Term<Patterns<Value>>, value: Value): boolean {
  return (wanted === null || wanted.fits(value)) && unwanted?.fits(value) !== true;
}

/** The same where there is no value: only what asks for one is not fulfilled. */
export function passesOrNone<Value>(term: Term<Patterns<Value>>, value: Value | null): boolean {
  return value === null ? term.wanted === null : passes(term, value);
}

/** One of the values is wanted, and none unwanted. */
export function passAny<Value>({ wanted, unwanted }: Term<Patterns<Value>>, values: readonly Value[]): boolean {
  if (unwanted !== null && values.some((value) => unwanted.fits(value))) return false;
  return wanted === null || values.some((value) => wanted.fits(value));
}

/** The lists of a filter, and those of what it leaves out, ready to be tested. */
export class FilterTerms {
  readonly clients: Term<AddressPatterns>;
  readonly servers: Term<AddressPatterns>;
  readonly sessions: Term<NamePatterns>;
  readonly paths: Term<PathPatterns>;
  readonly ops: Term<NamePatterns>;
  readonly kinds: Term<NamePatterns>;
  readonly errors: Term<NamePatterns>;

  constructor(wanted: FilterLists, unwanted: FilterLists) {
    const of = <P>(name: keyof FilterLists, make: (patterns: readonly string[]) => P): Term<P> =>
      new Term(
        wanted[name].length === 0 ? null : make(wanted[name]),
        unwanted[name].length === 0 ? null : make(unwanted[name]),
      );
    const addresses = (patterns: readonly string[]): AddressPatterns => new AddressPatterns(patterns);
    const names = (patterns: readonly string[]): NamePatterns => new NamePatterns(patterns);
    this.clients = of('clients', addresses);
    this.servers = of('servers', addresses);
    this.sessions = of('sessions', names);
    this.paths = of('paths', (patterns) => new PathPatterns(patterns));
    this.ops = of('ops', names);
    this.kinds = of('kinds', names);
    this.errors = of('errors', names);
  }
}
