import type { CaptureInput, Clock } from '../observations/inputs.js';
import type { Forgotten } from '../model/index.js';
import type { FilterOptions, MessageFilter } from '../observations/filter.js';
import type { Sink } from '../observations/forward.js';
import type { Reading } from './reading/run.js';
import type { TextStyle } from './textStyle.js';
import type { CaptureOptions } from './options/captureOptions.js';

/** What a view is made with. */
export interface Setting {
  readonly clock: Clock;
  /** The common filters. */
  readonly wanted: FilterOptions;
  /** Those filters over messages; null where none was given. */
  readonly filter: MessageFilter | null;
  /** No format was chosen: text. */
  readonly forPeople: boolean;
}

/** A command over captures: what is told of them, the document that it makes of it, and its text. */
export interface DocumentView<Document> {
  readonly sink: Sink;
  /** The captures are read. Called once. */
  document(reading: Reading): Document;
  text(document: Document, style: TextStyle): string | Promise<string>;
  /** Why there is nothing to show as text; null where there is something. */
  empty?(document: Document, reading: Reading): string | null;
  /** Why nothing is there, and what to try, where captures without any message call for something else than usual. */
  nothingFound?(reading: Reading): string;
  /** The text has no place for losses: they go to standard error. */
  readonly lossesApart?: boolean;
  /** The text is for programs: names are whole. */
  readonly forPrograms?: boolean;
  /** What was too much to keep. */
  forgotten?(document: Document): Forgotten;
  /** The document is written: what else there is to do. */
  done?(document: Document): void;
}

/** A command that writes records as it finds them. */
export interface RecordView<Record> {
  readonly sink: Sink;
  /** A record as text. */
  line(record: Record): string;
  /** The captures are read: the last records. */
  end?(reading: Reading): void;
}

export type MakeDocumentView<Document> = (setting: Setting) => DocumentView<Document> | Promise<DocumentView<Document>>;
export type MakeRecordView<Record> = (
  setting: Setting,
  write: (record: Record) => void,
  /** Writes text beside records: a heading. */
  print: (text: string) => void,
) => RecordView<Record> | Promise<RecordView<Record>>;

/** Reads captures and shows what a view makes of them. Throws CaptureError and UsageError. */
export async function show<Document>(
  captures: readonly CaptureInput[],
  options: CaptureOptions,
  make: MakeDocumentView<Document>,
): Promise<void> {
  await (await import('./show.js')).runDocument(captures, options, make);
}

/** Reads captures and writes the records that a view finds in them. Throws CaptureError and UsageError. */
export async function showRecords<Record>(
  captures: readonly CaptureInput[],
  options: CaptureOptions,
  make: MakeRecordView<Record>,
): Promise<void> {
  await (await import('./show.js')).runRecords(captures, options, make);
}
