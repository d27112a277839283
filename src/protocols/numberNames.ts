/** Numbers on the wire and their protocol's names for them. */
export type Names = ReadonlyMap<number, string>;

/** Names of numbers that follow on each other. */
export function counted(first: number, ...names: readonly string[]): Names {
  return new Map(names.map((name, i) => [first + i, name]));
}

/** The name of a number, `unknown(N)` where its protocol has none. */
export function nameIn(names: Names, value: number): string {
  return names.get(value) ?? `unknown(${value})`;
}
