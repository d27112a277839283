/** A whole number for people: thousands apart by commas. */
export function numberText(value: number): string {
  return value.toLocaleString('en');
}

/** `1 session`, `2 sessions`, `3 retries`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}
