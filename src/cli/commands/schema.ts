import { Argument, Command } from 'commander';
import { schemaNames, schemaText } from '../../report/schemas.js';
import { print } from '../terminal/output.js';

/** `zkscope schema`: the JSON Schemas of the JSON outputs. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema (2020-12) of a JSON output')
    .addArgument(new Argument('<output>', 'which output').choices(schemaNames))
    .action(async (output: string) => {
      await print(schemaText(output));
    });
}
