/** A way to write every command's document, for other programs; text for people is each view's own. */
export interface Format {
  /** Name of the option that chooses it. */
  readonly name: string;
  /** What help says of a whole document. `schema`: its name for `zkscope schema`, null where it has none. */
  readonly documentHelp: (schema: string | null) => string;
  /** What help says of records one after the other. */
  readonly recordHelp: (schema: string | null) => string;
  /** A document. Ends in a newline. */
  readonly document: (document: unknown) => string;
  /** The same text in pieces, for what may be long. */
  readonly pieces: (document: unknown) => Iterable<string>;
  /** One of many records that are written as they are found. Ends in a newline. */
  readonly record: (record: unknown) => string;
  /** A quicker way to write the same records, where there is one. `send` takes pieces that do not change any more. */
  readonly lines?: (send: (bytes: Buffer) => void) => RecordLines;
}

/** Writes records, and keeps them until there are enough for a piece. */
export interface RecordLines {
  record(record: unknown): void;
  /** Sends what was not sent yet. */
  flush(): void;
}
