import { Command, Option } from 'commander';
import type { CaptureOptions } from '../options/captureOptions.js';
import { withCaptures } from '../options/captureOptions.js';
import { withFormats } from '../options/formatOptions.js';

export interface QueryOptions extends CaptureOptions {
  readonly csv?: boolean;
  readonly output?: string;
}

/** `zkscope query`: SQL over what captures say. */
export function queryCommand(): Command {
  return withFormats(
    withCaptures(
      new Command('query').description('ask in SQL (DuckDB) over messages, gaps, connections, sessions and findings'),
      '<query-or-capture...>',
    ),
    { records: true, schema: null, conflicts: ['csv', 'output'] },
  )
    .addOption(new Option('--csv', 'comma-separated values').conflicts(['json', 'output']))
    .addOption(
      new Option(
        '-o, --output <file>',
        'write the rows into a .parquet, .csv or .ndjson file; without a query all tables, each into a file of its name',
      ),
    )
    .action(async (words: string[], options: QueryOptions) => {
      await (await import('../query.js')).query(words, options);
    });
}
