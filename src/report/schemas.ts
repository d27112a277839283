import { asset } from './assets.js';

/** JSON outputs that have a schema, by the command that prints them; and the configuration file. */
export const schemaNames = [
  ...['analyze', 'decode', 'journal', 'stats', 'sessions', 'hex', 'diff', 'leases', 'path', 'follow', 'report', 'tree'],
  ...['top', 'config'],
] as const;

/** Text of the JSON Schema (2020-12) of an output, as `npm run docs` makes it of the output's type. */
export function schemaText(name: string): string {
  return asset(`docs/schemas/${name}.json`);
}
