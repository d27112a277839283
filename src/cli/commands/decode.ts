import { Chalk } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { sinkOf } from '../../observations/forward.js';
import type { MessageRecord } from '../../observations/record.js';
import { flatLine } from '../../observations/journal/tableRow.js';
import { JournalWriter } from '../../observations/journal/writer.js';
import { gapRecord, messageRecord } from '../../observations/record.js';
import { fieldNames } from '../../report/decode/fieldNames.js';
import { fieldsFormatter, fieldsHeader } from '../../report/decode/fields.js';
import { MessageLines } from '../../report/decode/line.js';
import { printable } from '../../report/text/escape.js';
import { didYouMean } from '../../observations/nearest.js';
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
  readonly csv?: boolean;
  readonly header?: boolean;
}

/** Columns of --csv without --fields. */
const USUAL = 'frame,time,client,server,session,kind,op,path,error,latency'.split(',');

/** Throws InvalidArgumentError where a field is none of the JSON output. */
function columns(value: string): string[] {
  const known = fieldNames();
  return value.split(',').map((part) => {
    const name = part.trim();
    if (known.has(name)) return name;
    const near = didYouMean(name, known);
    const where = 'docs/output.md lists the fields of the JSON output, such as frame,time,op,path,stat.czxid';
    throw new InvalidArgumentError(`${JSON.stringify(printable(name))} is no field${near || `; ${where}`}`);
  });
}

function lineOf(clock: Setting['clock']): (record: MessageRecord) => string {
  const lines = new MessageLines(new Chalk({ level: colourLevel() }), clock.zoneName);
  return (record) => lines.format(record);
}

/** `zkscope decode`: every message of the captures. */
export function decodeCommand(): Command {
  return withFormats(
    withCaptures(new Command('decode').description('print every ZooKeeper message of the captures, one a line')),
    { records: true, conflicts: ['fields', 'csv', 'header'] },
  )
    .addOption(
      new Option(
        '--connections',
        'also what connections did, so that every command takes these lines in place of the capture (a journal)',
      ).conflicts(['fields', 'csv', 'data']),
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
    .addOption(new Option('--fields <names>', 'tab-separated columns: names of the JSON output').argParser(columns))
    .option('--csv', 'comma-separated (RFC 4180), with a first line of names; of --fields, or of the usual ones')
    .option('--header', 'a first line of names above --fields')
    .action(async (captures: string[], options: DecodeOptions) => {
      await showRecords(captures, options, (setting, write, print) => view(options, setting, write, print));
    });
}

function view(
  options: DecodeOptions,
  { clock, filter, forPeople }: Setting,
  write: (record: MessageRecord) => void,
  print: (text: string) => void,
): RecordView<MessageRecord> {
  const { data, connections, host, flat, csv = false, header = csv } = options;
  const fields = options.fields ?? (csv ? USUAL : null);
  if (header && fields === null)
    throw new UsageError('--header names the columns of --fields or --csv: give one of them');
  const line = fields === null ? lineOf(clock) : fieldsFormatter(fields, { csv, header });
  if (fields !== null) {
    // Programs read them: a time says its own zone.
    if (clock.zone !== null) clock.zoneShown = 'offset';
    if (header) print(fieldsHeader(fields, { csv, header }));
  }
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
