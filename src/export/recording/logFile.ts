/** A file that text is added to, so that a program killed at any moment leaves all that was added before. */
export interface LogFile {
  /** Bytes on the disk. */
  readonly size: number;
  /** Adds whole lines. Throws what the system says; the file is then as it was before. */
  append(text: string): Promise<void>;
  /** Writes what belongs at the end, and lets go of the file. Throws what the system says. */
  close(): Promise<void>;
}
