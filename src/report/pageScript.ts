import { readFileSync } from 'node:fs';

/** The report page's own script, from html/client, as the build puts it together. */
export function pageScript(): string {
  // The same place from here, compiled, and from the program that the build makes of all modules.
  return readFileSync(new URL('../page/main.js', import.meta.url), 'utf8');
}
