import { Argument, Command, Option } from 'commander';
import { schemaNames, schemaText } from '../../report/schemas.js';
import { print } from '../terminal/output.js';
import { UsageError } from '../usage.js';

const DATABASES = ['clickhouse', 'duckdb'] as const;

interface SchemaOptions {
  readonly sql?: (typeof DATABASES)[number];
}

/** `zkscope schema`: the JSON Schemas of the JSON outputs, and tables that hold what decode prints. */
export function schemaCommand(): Command {
  return new Command('schema')
    .description('print the JSON Schema (2020-12) of a JSON output, or the SQL of tables for it')
    .addArgument(new Argument('<output>', 'which output').choices(schemaNames))
    .addOption(
      new Option('--sql <database>', 'of decode: CREATE TABLE for ClickHouse, or the tables of zkscope query').choices(
        DATABASES,
      ),
    )
    .action(async (output: string, { sql }: SchemaOptions) => {
      if (sql === undefined) await print(schemaText(output));
      else if (output === 'decode') await print((await import('../../export/sql/text.js')).sqlText(sql));
      else throw new UsageError('--sql is for what decode prints: zkscope schema decode --sql duckdb');
    });
}
