import { supportsColor } from 'chalk';

export type ColourWhen = 'auto' | 'always' | 'never';

let asked: ColourWhen | undefined;

/** What --color asked for; undefined where it was not given. */
export function setColour(when: ColourWhen | undefined): void {
  asked = when;
}

/** Chalk's level of colour for standard output: none in a pipe or with NO_COLOR set; FORCE_COLOR overrules, and --color all. */
export function colourLevel(): 0 | 1 | 2 | 3 {
  const { NO_COLOR: none, FORCE_COLOR: force } = process.env;
  const able = supportsColor === false ? 0 : supportsColor.level;
  if (asked === 'never') return 0;
  if (asked === 'always') return Math.max(1, able) as 1 | 2 | 3;
  // Chalk takes any --color among the arguments for a wish.
  if (asked === 'auto' && !process.stdout.isTTY && force === undefined) return 0;
  if (none !== undefined && none !== '' && force === undefined) return 0;
  return able;
}

/** Columns to write for: those of the terminal between 40 and 140, 80 where there is none. */
export function terminalWidth(): number {
  const fromEnvironment = Number(process.env['COLUMNS']);
  const columns = process.stdout.isTTY ? process.stdout.columns : fromEnvironment > 0 ? fromEnvironment : 80;
  return Math.max(40, Math.min(columns, 140));
}

/** Columns that a table may have: those of the terminal, those of $COLUMNS, and in a pipe, or where asked for, any. */
export function tableWidth(wide: boolean): number {
  if (wide) return Infinity;
  if (process.stdout.isTTY) return Math.max(40, process.stdout.columns);
  const fromEnvironment = Number(process.env['COLUMNS']);
  return fromEnvironment > 0 ? Math.max(40, fromEnvironment) : Infinity;
}
