import { Argument, Command } from 'commander';

/** `zkscope schema`: the JSON Schemas of the JSON outputs. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema (2020-12) of a JSON output')
    .addArgument(new Argument('<output>', 'which output').choices(['decode']))
    .action(async () => {
      const { decodeSchema } = await import('../report/schemas/decode.js');
      process.stdout.write(`${JSON.stringify(decodeSchema, null, 2)}\n`);
    });
}
