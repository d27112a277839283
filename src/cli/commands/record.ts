import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { FileNames } from '../../export/recording/fileNames.js';
import { openLog, Recording } from '../../export/recording/recording.js';
import { isFiltering, MessageFilter } from '../../observations/filter.js';
import { Clock } from '../../observations/inputs.js';
import { RotatingJournal } from '../../observations/journal/rotatingJournal.js';
import type { Reading } from '../reading/run.js';
import { filterOptions, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { hostName } from '../options/hostName.js';
import { oneHost } from '../options/oneHost.js';
import { byteCount, span } from '../options/numbers.js';
import { say, sayLosses } from '../present.js';
import { OutputError, writeProblem } from '../terminal/output.js';
import { exitInterrupted, UsageError } from '../usage.js';

interface RecordOptions extends CaptureOptions {
  readonly output: string;
  readonly every?: number;
  readonly size?: number;
  readonly keep?: number;
  readonly host?: string;
}

/** `zkscope record`: the flight recorder. */
export function recordCommand(): Command {
  return withCaptures(
    new Command('record').description('keep what a capture says as decoded lines, in files that follow each other'),
    '[capture...]',
  )
    .addOption(
      new Option(
        '-o, --output <name>',
        'files: zk1-%Y%m%d-%H%M.ndjson.gz; %Y %m %d %H %M %S %s are of their beginning (UTC); .gz compresses',
      ).makeOptionMandatory(),
    )
    .addOption(new Option('--every <span>', 'a file for every 10m, 1h, … on the clock').argParser(span))
    .addOption(new Option('--size <bytes>', 'begin the next file after so many bytes: 100M, 1G').argParser(byteCount))
    .addOption(
      new Option('--keep <span>', 'delete files of this name that were last written before: 12h, 7d').argParser(span),
    )
    .addOption(
      new Option('--host <name>', 'where the packets are captured (default: the name of this host)').argParser(
        hostName,
      ),
    )
    .action(async (captures: string[], options: RecordOptions) => {
      await record(captures.length === 0 ? ['-'] : captures, options);
    });
}

async function record(captures: readonly string[], options: RecordOptions): Promise<void> {
  oneHost(captures, 'record', options);
  const [{ readInto }, { readOptions }] = await Promise.all([
    import('../reading/run.js'),
    import('../options/readOptions.js'),
  ]);
  const { isInput } = await import('../terminal/writeWhole.js');
  const clock = new Clock();
  const recording = new Recording({
    names: fileNames(options.output),
    maxBytes: options.size ?? Infinity,
    keep: (options.keep ?? Infinity) / 1e6,
    say: (text) => {
      say([text]);
    },
    open: (path) => {
      if (isInput(path, captures)) throw new Error('it is one of the captures');
      return openLog(path);
    },
  });
  const wanted = filterOptions(options);
  const journal = new RotatingJournal(clock, recording, {
    every: (options.every ?? Infinity) / 1e9,
    host: options.host ?? hostname(),
    recorder: createHash('sha256').update(resolve(options.output)).digest('hex').slice(0, 6),
    filter: isFiltering(wanted) ? new MessageFilter(wanted, clock) : null,
  });
  recording.resumed = (dropped) => {
    journal.resumed(dropped);
  };
  const output = { signal: new AbortController().signal, drain: () => writing(options.output, recording.drain()) };
  const reading = await readInto(captures, journal, { ...readOptions(options), clock, output });
  journal.end(reading);
  await writing(options.output, recording.finish());
  sayLosses(losses(reading, recording), reading.messages > 0 ? null : reading.nothingFound());
  exitInterrupted(reading.interrupted);
}

function losses(reading: Reading, { dropped }: Recording): string[] {
  return [...reading.losses(), ...(dropped > 0 ? [`${dropped} line(s) were dropped: the disk was full`] : [])];
}

function fileNames(template: string): FileNames {
  try {
    return new FileNames(template);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${template}: ${error.message}`);
    throw error;
  }
}

async function writing(name: string, done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    throw new OutputError(`cannot write ${name}: ${writeProblem(error)}`);
  }
}
