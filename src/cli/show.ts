import { type CaptureInput, Clock } from '../observations/inputs.js';
import { isFiltering, MessageFilter } from '../observations/filter.js';
import { type CaptureOptions, filterOptions } from './options/captureOptions.js';
import { readOptions } from './options/readOptions.js';
import { chosenFormat } from './options/formatOptions.js';
import { present, sayLosses } from './present.js';
import { readInto } from './run.js';
import { shortNames } from '../report/text/shortNames.js';
import { Output } from './terminal/output.js';
import { exitInterrupted } from './usage.js';
import type { MakeRecordView, MakeView, Setting } from './view.js';

function setting(options: CaptureOptions): Setting {
  const clock = new Clock();
  const wanted = filterOptions(options);
  return {
    clock,
    wanted,
    filter: isFiltering(wanted) ? new MessageFilter(wanted, clock) : null,
    forPeople: chosenFormat(options) === null,
  };
}

/** The runner of commands that make one document. */
export async function runDocument<Document>(
  captures: readonly CaptureInput[],
  options: CaptureOptions,
  make: MakeView<Document>,
): Promise<void> {
  const given = setting(options);
  const view = await make(given);
  const output = new Output();
  const reading = await readInto(captures, view.sink, {
    ...readOptions(options),
    clock: given.clock,
    output,
  });
  const document = view.document(reading);
  await present(document, {
    options,
    output,
    text: (style) => view.text(view.forPrograms === true ? document : shortNames(document), style),
    empty: view.empty?.(document, reading) ?? null,
    nothingFound: reading.messages > 0 ? null : (view.nothingFound?.(reading) ?? reading.nothingFound()),
    losses: reading.losses(view.forgotten?.(document)),
    lossesApart: view.lossesApart === true,
  });
  view.done?.(document);
  exitInterrupted(reading.interrupted);
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
  let text = format?.record;
  const view = await make(given, (record) => {
    output.write(text!(record));
  });
  text ??= (record) => view.line(record as Record);
  const reading = await readInto(captures, view.sink, { ...readOptions(options), clock: given.clock, output });
  view.end?.(reading);
  await output.finish();
  if (!output.closed) sayLosses(reading.losses(), reading.messages > 0 ? null : reading.nothingFound());
  exitInterrupted(reading.interrupted);
}
