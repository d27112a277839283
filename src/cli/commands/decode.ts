import { Chalk } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Clock } from '../../capture/clock.js';
import { isFiltering, MessageFilter } from '../../observations/filter.js';
import type { MessageRecord } from '../../observations/record.js';
import { gapRecord, messageRecord } from '../../observations/record.js';
import { fieldsFormatter } from '../../report/decode/fields.js';
import { MessageLines } from '../../report/decode/line.js';
import { filterOptions, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { colourLevel } from '../terminal/colour.js';
import { Output } from '../terminal/output.js';
import { reportLosses, runCaptures } from '../run.js';

interface DecodeOptions extends CaptureOptions {
  readonly json?: boolean;
  readonly data?: boolean;
  readonly fields?: string[];
}

function fieldNames(value: string): string[] {
  const names = value.split(',').map((name) => name.trim());
  if (names.some((name) => !/^[A-Za-z]+(\.[A-Za-z]+)*$/.test(name))) {
    throw new InvalidArgumentError(
      'name fields of the JSON output, separated by commas: frame,time,op,path,stat.czxid.',
    );
  }
  return names;
}

/** `zkscope decode`: every message of the captures. */
export function decodeCommand(): Command {
  return withCaptures(new Command('decode').description('print every ZooKeeper message of the captures, one a line'))
    .option('--json', 'one JSON object a line (zkscope schema decode describes it)')
    .option('--data', 'show payload bytes (base64); credentials are never shown')
    .addOption(
      new Option('--fields <names>', 'tab-separated columns: names of the JSON output')
        .argParser(fieldNames)
        .conflicts('json'),
    )
    .action(async (captures: string[], options: DecodeOptions) => {
      await decode(captures, options);
    });
}

function formatter(options: DecodeOptions): (record: MessageRecord) => string {
  if (options.json === true) return (record) => `${JSON.stringify(record)}\n`;
  if (options.fields !== undefined) return fieldsFormatter(options.fields);
  const lines = new MessageLines(new Chalk({ level: colourLevel() }));
  return (record) => lines.format(record);
}

async function decode(captures: string[], options: DecodeOptions): Promise<void> {
  const clock = new Clock();
  const output = new Output();
  const wanted = filterOptions(options);
  const filter = isFiltering(wanted) ? new MessageFilter(wanted, clock) : null;
  const format = formatter(options);
  const recordOptions = { data: options.data === true };
  const forPeople = options.json !== true && options.fields === undefined;
  const none = (): void => undefined;
  const run = await runCaptures(
    captures,
    {
      message: (message) => {
        if (filter?.message(message) === false) return;
        const record = messageRecord(message, clock, recordOptions);
        // A response to a read does not carry its path; people want to see it all the same.
        if (forPeople && 'request' in message && message.kind === 'response') {
          record['requestPath'] = (message.request as { path: string | null } | null)?.path ?? undefined;
        }
        output.write(format(record));
      },
      gap: (gap) => {
        if (filter?.gap(gap) !== false) output.write(format(gapRecord(gap, clock)));
      },
      connectionOpened: none,
      connectionClosed: none,
    },
    { ports: options.port ?? [], clock, output },
  );
  await output.drain();
  if (run.interrupted) {
    const { frame } = run.reader.last;
    process.stderr.write(
      `zkscope: interrupted after frame ${frame}: ${run.losses.messages} messages, ${run.reader.tcp.count} TCP connections\n`,
    );
  }
  if (!output.closed) reportLosses(run);
}
