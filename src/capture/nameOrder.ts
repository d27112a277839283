/** Made when wanted: starting Intl costs as much as reading a short capture. */
let order: Intl.Collator | null = null;

/** Order of names as people see it: by the words in them, and by the size of the numbers. */
export function compareNames(a: string, b: string): number {
  order ??= new Intl.Collator('en', { numeric: true });
  return order.compare(a, b);
}
