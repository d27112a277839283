import { Chalk } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { sinkOf } from '../../observations/forward.js';
import type { MessageRecord } from '../../observations/record.js';
import { flatLine } from '../../observations/journal/tableRow.js';
import { JournalWriter } from '../../observations/journal/writer.js';
import { gapRecord, messageRecord } from '../../observations/record.js';
import { fieldsFormatter } from '../../report/decode/fields.js';
import { MessageLines } from '../../report/decode/line.js';
import { withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { hostName } from '../options/hostName.js';
import { withFormats } from '../options/formatOptions.js';
import { colourLevel } from '../terminal/colour.js';
import { UsageError } from '../usage.js';
import { showRecords, type RecordView, type Setting } from '../view.js';

interface DecodeOptions extends CaptureOptions {
  readonly data?: boolean;
  readonly fields?: string[];
  readonly connections?: boolean;
  readonly host?: string;
  readonly flat?: boolean;
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
  return withFormats(
    withCaptures(new Command('decode').description('print every ZooKeeper message of the captures, one a line')),
    { records: true, conflicts: ['fields'] },
  )
    .addOption(
      new Option(
        '--connections',
        'also what connections did, so that every command takes these lines in place of the capture (a journal)',
      ).conflicts(['fields', 'data']),
    )
    .addOption(
      new Option('--host <name>', 'with --connections: where the packets were captured, for lines of several hosts')
        .conflicts(['fields', 'data'])
        .argParser(hostName),
    )
    .addOption(
      new Option('--flat', 'with --connections: nested values as JSON text, for tables').conflicts(['fields', 'data']),
    )
    .option('--data', 'show payload bytes (base64); credentials are never shown')
    .addOption(new Option('--fields <names>', 'tab-separated columns: names of the JSON output').argParser(fieldNames))
    .action(async (captures: string[], options: DecodeOptions) => {
      await showRecords(captures, options, (setting, write) => view(options, setting, write));
    });
}

function view(
  { data, fields, connections, host, flat }: DecodeOptions,
  { clock, filter, forPeople }: Setting,
  write: (record: MessageRecord) => void,
): RecordView<MessageRecord> {
  const lines = fields === undefined ? new MessageLines(new Chalk({ level: colourLevel() })) : null;
  const line = lines === null ? fieldsFormatter(fields!) : (record: MessageRecord) => lines.format(record);
  const recordOptions = { data: data === true };
  if (host !== undefined && connections !== true)
    throw new UsageError('--host is of a journal: give --connections with it');
  if (connections === true) {
    if (forPeople) throw new UsageError('--connections writes lines for programs: give --json with it');
    const journal = new JournalWriter(
      clock,
      flat === true
        ? (record) => {
            write(flatLine(record));
          }
        : write,
      filter,
      host ?? null,
    );
    return {
      sink: journal,
      line,
      end: (reading) => {
        journal.end(reading);
      },
    };
  }
  return {
    sink: sinkOf({
      message: (message, connection) => {
        if (filter?.message(message, connection) === false) return;
        const record = messageRecord(message, connection, clock, recordOptions);
        write(record);
      },
      gap: (gap, connection) => {
        if (filter?.gap(gap, connection) !== false) write(gapRecord(gap, connection, clock));
      },
    }),
    line,
  };
}
