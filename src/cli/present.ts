import { Chalk } from 'chalk';
import { chosenFormat } from './options/formatOptions.js';
import { colourLevel, terminalWidth } from './terminal/colour.js';
import type { Output } from './terminal/output.js';
import { shortText } from '../report/text/shortNames.js';
import { loadWidths, widthsGuessed } from '../report/text/width.js';
import type { TextStyle } from './textStyle.js';

export interface Presentation {
  /** Of the command: they choose the format. */
  readonly options: object;
  readonly output: Output;
  readonly text: (style: TextStyle) => string | Promise<string>;
  /** Why there is nothing to show as text; null where there is something. */
  readonly empty?: string | null;
  /** No message was found, and why that may be; null where some were. */
  readonly nothingFound?: string | null;
  readonly losses?: readonly string[];
  /** What filters asked for that is not there, one part each. */
  readonly notes?: readonly string[];
  /** Of the times that the text has. */
  readonly zone?: string;
  /** Losses go to standard error: the text does not say them. */
  readonly lossesApart?: boolean;
}

/** Writes a document as it was asked for; what it does not say itself goes to standard error. */
export async function present(document: unknown, how: Presentation): Promise<void> {
  const { output, empty = null, nothingFound = null, losses = [] } = how;
  const format = chosenFormat(how.options);
  if (format !== null) {
    for (const piece of format.pieces(document)) {
      output.write(piece);
      if (output.full) await output.drain();
      if (output.closed) break;
    }
  } else if (empty === null) {
    const style = {
      colour: new Chalk({ level: colourLevel() }),
      width: terminalWidth(),
      losses,
      zone: how.zone ?? 'UTC',
    };
    let text = await how.text(style);
    if (widthsGuessed()) {
      await loadWidths();
      text = await how.text(style);
    }
    output.write(text);
  }
  await output.finish();
  if (output.closed) return;
  const notes = how.notes ?? [];
  if (format !== null || empty !== null || how.lossesApart === true) sayLosses(losses, nothingFound ?? empty, notes);
  else sayLosses([], null, notes);
}

/**
 * One line on standard error of all that was lost or not understood, and of what filters asked for that is not there; none
 * where nothing was.
 */
export function sayLosses(losses: readonly string[], why: string | null, notes: readonly string[] = []): void {
  if (why !== null || notes.length > 0) say([...(why === null ? [] : [why]), ...notes, ...losses]);
  else if (losses.length > 0) say([`not decoded: ${losses[0]!}`, ...losses.slice(1)]);
}

export function say(parts: readonly string[]): void {
  process.stderr.write(`zkscope: ${parts.map(shortText).join('; ')}\n`);
}
