/** Items that hang together by a name that they share, directly or over others: groups in the order of their first items. */
export function connected<T>(items: readonly T[], names: (item: T) => readonly string[]): T[][] {
  const above = new Map<string, string>();
  const root = (name: string): string => {
    let at = name;
    for (let up = above.get(at); up !== undefined && up !== at; up = above.get(at)) at = up;
    above.set(name, at);
    return at;
  };
  for (const item of items) {
    const [first, ...others] = names(item);
    if (first === undefined) continue;
    for (const other of others) above.set(root(other), root(first));
  }
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = root(names(item)[0] ?? '');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}
