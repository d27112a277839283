const PLAIN = /^[ -~]*$/;
/** Letters and signs of one column and one UTF-16 unit: Latin, Greek, Cyrillic, dashes and dots, arrows, lines. */
const NARROW =
  /^[ -~\u00a1-\u00ac\u00ae-\u02ff\u0370-\u0377\u0384-\u0482\u048a-\u052f\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2212\u2264\u2500-\u257f\u25b6\u25c0]*$/;

let measure: ((text: string) => number) | null = null;
let guessed = false;

/**
 * Columns that a text takes on a terminal: two for a Chinese character or an emoji, none for a combining accent. Where
 * that takes Unicode's tables, and they are not loaded, it is a guess: see `widthsGuessed`.
 */
export function textWidth(text: string): number {
  if (NARROW.test(text)) return text.length;
  if (measure !== null) return measure(text);
  guessed = true;
  return text.length;
}

/** Whether a width was guessed: load the tables, and lay the text out again. They are a tenth of all start-up, and rarely needed. */
export function widthsGuessed(): boolean {
  return guessed;
}

/** Loads Unicode's tables: from then on nothing is guessed. */
export async function loadWidths(): Promise<void> {
  measure = (await import('string-width')).default;
  guessed = false;
}

/** A text with blanks, or another character of one column, behind it to `columns` columns. */
export function padEnd(text: string, columns: number, fill = ' '): string {
  return text + fill.repeat(Math.max(0, columns - textWidth(text)));
}

/** A text with blanks before it to `columns` columns. */
export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - textWidth(text))) + text;
}

let graphemes: Intl.Segmenter | null = null;

/** What a reader takes for characters. Of very long texts it is code points: nobody counts them, and it is quicker. */
export function characters(text: string): string[] {
  if (PLAIN.test(text)) return text.split('');
  if (text.length > LONG) return Array.from(text);
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

const LONG = 10_000;

/** A text in pieces of at most `columns` columns, in the middle of words where it must be. @param columns 2 at least */
export function pieces(text: string, columns: number): string[] {
  const lines: string[] = [];
  let [line, width] = ['', 0];
  for (const character of characters(text)) {
    const more = textWidth(character);
    if (width + more > columns) {
      lines.push(line);
      [line, width] = ['', 0];
    }
    line += character;
    width += more;
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}
