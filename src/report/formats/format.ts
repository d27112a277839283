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
  /** One of many records that are written as they are found. Ends in a newline. */
  readonly record: (record: unknown) => string;
}
