import { Argument, Command } from 'commander';
import { print } from '../terminal/output.js';

/** JSON Schemas by the name of the output, loaded when asked for. */
const schemas: Readonly<Record<string, () => Promise<object>>> = {
  analyze: async () => (await import('../../report/schemas/analyze.js')).analyzeSchema,
  decode: async () => (await import('../../report/decode/schema.js')).decodeSchema(),
  journal: async () => (await import('../../report/decode/schema.js')).journalSchema(),
  stats: async () => (await import('../../report/schemas/stats.js')).statsSchema,
  sessions: async () => (await import('../../report/schemas/sessions.js')).sessionsSchema,
  hex: async () => (await import('../../report/schemas/hex.js')).hexSchema,
  diff: async () => (await import('../../report/schemas/diff.js')).diffSchema,
  leases: async () => (await import('../../report/schemas/leases.js')).leasesSchema,
  path: async () => (await import('../../report/schemas/path.js')).pathSchema,
  follow: async () => (await import('../../report/schemas/follow.js')).followSchema,
  report: async () => (await import('../../report/schemas/report.js')).reportSchema,
  tree: async () => (await import('../../report/schemas/tree.js')).treeSchema,
};

/** `zkscope schema`: the JSON Schemas of the JSON outputs. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema (2020-12) of a JSON output')
    .addArgument(new Argument('<output>', 'which output').choices(Object.keys(schemas)))
    .action(async (output: string) => {
      await print(`${JSON.stringify(await schemas[output]!(), null, 2)}\n`);
    });
}
