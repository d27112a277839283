import { Argument, Command } from 'commander';

/** `zkscope schema`: the JSON Schemas of the JSON outputs. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema (2020-12) of a JSON output')
    .addArgument(new Argument('<output>', 'which output').choices(['decode', 'leases']))
    .action(async (output: string) => {
      const schema =
        output === 'leases'
          ? (await import('../report/schemas/leases.js')).leasesSchema
          : (await import('../report/schemas/decode.js')).decodeSchema;
      process.stdout.write(`${JSON.stringify(schema, null, 2)}\n`);
    });
}
