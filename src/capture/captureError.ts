/** An input that cannot be read. The message is one line that names the file, the place, what is wrong, and what to do. */
export class CaptureError extends Error {
  override readonly name = 'CaptureError';
  /** Path as it was given; `-` for standard input. */
  readonly file: string;
  /** Byte offset in the (decompressed) capture, or null where the trouble has no place. */
  readonly offset: number | null;

  constructor(file: string, problem: string, advice: string | null = null, offset: number | null = null) {
    const place = offset === null ? '' : `, byte ${offset}`;
    super(`${file}${place}: ${problem}${advice === null ? '' : `; ${advice}`}`);
    this.file = file;
    this.offset = offset;
  }
}

/** What who needs packets says of decoded lines. */
export function decodedLines(file: string): CaptureError {
  return new CaptureError(file, 'decoded lines hold no packets', 'name the capture that they were made of');
}
