import type { AnyRule } from './rule.js';

/**
 * The rules in an order in which each comes after those that it names as causes or consequences; apart from that as given.
 * Rules name each other by reference, so there can be no circle: one of them could not have been written.
 */
export function inOrder(rules: readonly AnyRule[]): AnyRule[] {
  const wanted = new Set(rules);
  const ordered = new Set<AnyRule>();
  const add = (rule: AnyRule): void => {
    for (const earlier of neighbours(rule)) add(earlier);
    if (wanted.has(rule)) ordered.add(rule);
  };
  for (const rule of rules) if (!ordered.has(rule)) add(rule);
  return [...ordered];
}

/** The rules whose findings a rule may ask for. */
export function neighbours({ causes = [], consequences = [] }: AnyRule): readonly AnyRule[] {
  return [...causes, ...consequences];
}
