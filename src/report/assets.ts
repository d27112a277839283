import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * A text that stands beside the code, by its name: `package.json`, `docs/schemas/NAME.json`, `dist/page/main.js`, or
 * `uplot/FILE` of the charting library. What puts all of the program into one file puts these texts into it and exchanges
 * this module for one that holds them (scripts/oneFile.js). Throws where there is none of that name.
 */
export function asset(name: string): string {
  if (name.startsWith(LIBRARY)) {
    const library = dirname(createRequire(import.meta.url).resolve('uplot'));
    return readFileSync(join(library, name.slice(LIBRARY.length)), 'utf8');
  }
  // The same place from here, compiled, and from the program that the build makes of all modules.
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

const LIBRARY = 'uplot/';
