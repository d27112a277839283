import { together, type Sink } from '../observations/forward.js';
import { type CaptureInput, Clock } from '../observations/inputs.js';
import { isFiltering, MessageFilter } from '../observations/filter.js';
import { type CaptureOptions, filterOptions } from './options/captureOptions.js';
import { FilterNotes } from './options/filterNotes.js';
import { readOptions } from './options/readOptions.js';
import { UTC } from './options/timeZone.js';
import { chosenFormat } from './options/formatOptions.js';
import { present, sayLosses } from './present.js';
import { readInto } from './reading/run.js';
import type { Format } from '../report/formats/index.js';
import { hostFrames } from '../report/text/hostFrames.js';
import { shortNames } from '../report/text/shortNames.js';
import { Output } from './terminal/output.js';
import { exitInterrupted } from './usage.js';
import type { MakeRecordView, MakeDocumentView, Setting } from './view.js';

/** The clock of a run, which knows what was said of the clocks of hosts. */
export function correctedClock(options: CaptureOptions): Clock {
  const clock = new Clock();
  for (const [host, ahead] of options.clock ?? [])
    clock.hosts.set(host, { offset: -ahead, uncertainty: 0, given: true });
  return clock;
}

/** The same, which shows times as the options ask for. */
export function clockOf(options: CaptureOptions): Clock {
  const clock = correctedClock(options);
  clock.zone = options.time === undefined || options.time === UTC ? null : options.time;
  if (clock.zone !== null && chosenFormat(options) === null) clock.zoneShown = 'wall';
  return clock;
}

function withNotes(sink: Sink, notes: FilterNotes | null): Sink {
  return notes === null ? sink : together([notes.sink, sink]);
}

function setting(options: CaptureOptions): Setting {
  const forPeople = chosenFormat(options) === null;
  const clock = clockOf(options);
  const wanted = filterOptions(options);
  return {
    clock,
    wanted,
    filter: isFiltering(wanted) ? new MessageFilter(wanted, clock) : null,
    forPeople,
  };
}

/** The runner of commands that make one document. */
export async function runDocument<Document>(
  captures: readonly CaptureInput[],
  options: CaptureOptions,
  make: MakeDocumentView<Document>,
): Promise<void> {
  const given = setting(options);
  const view = await make(given);
  const output = new Output();
  const notes = FilterNotes.of(given.wanted, given.clock);
  const reading = await readInto(captures, withNotes(view.sink, notes), {
    ...readOptions(options),
    clock: given.clock,
    output,
  });
  const document = view.document(reading);
  const { hosts } = given.clock;
  const format = chosenFormat(options);
  await present(format === null ? document : hostFrames(document, hosts, false), {
    options,
    output,
    zone: given.clock.zoneName,
    notes: notes?.notes(reading.last.time) ?? [],
    text: (style) => {
      const named = hostFrames(document, hosts, true);
      return view.text(view.forPrograms === true ? named : shortNames(named), style);
    },
    empty: view.empty?.(document, reading) ?? null,
    nothingFound: reading.messages > 0 ? null : (view.nothingFound?.(reading) ?? reading.nothingFound()),
    losses: reading.losses(view.forgotten?.(document)),
    lossesApart: view.lossesApart === true,
  });
  view.done?.(document);
  exitInterrupted(reading.interrupted);
}

/**
 * Who writes records, one after the other.
 * @param line a record as text for people, where no format was chosen
 */
export function recordWriter(
  format: Format | null,
  output: Output,
  line: (record: unknown) => string,
): (record: unknown) => void {
  const lines = format?.lines?.((bytes) => {
    output.writeBytes(bytes);
  });
  if (lines === undefined) {
    const text = format?.record ?? line;
    return (record) => {
      output.write(text(record));
    };
  }
  output.keptBy(lines);
  return (record) => {
    lines.record(record);
  };
}

/** The runner of commands that write records while they read. */
export async function runRecords<Record>(
  captures: readonly CaptureInput[],
  options: CaptureOptions,
  make: MakeRecordView<Record>,
): Promise<void> {
  const given = setting(options);
  const output = new Output();
  const format = chosenFormat(options);
  const { hosts } = given.clock;
  const write = recordWriter(format, output, (record) => view.line(record as Record));
  const view = await make(
    given,
    (record) => {
      write(hostFrames(record, hosts, format === null));
    },
    (heading) => {
      output.write(heading);
    },
  );
  const notes = FilterNotes.of(given.wanted, given.clock);
  const sink = withNotes(view.sink, notes);
  const reading = await readInto(captures, sink, { ...readOptions(options), clock: given.clock, output });
  view.end?.(reading);
  await output.finish();
  if (!output.closed) {
    const why = reading.messages > 0 ? null : reading.nothingFound();
    sayLosses(reading.losses(), why, notes?.notes(reading.last.time) ?? []);
  }
  exitInterrupted(reading.interrupted);
}
