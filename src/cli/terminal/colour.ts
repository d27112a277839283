import { supportsColor } from 'chalk';

/** Chalk's level of colour for standard output: none in a pipe or with NO_COLOR set; FORCE_COLOR overrules. */
export function colourLevel(): 0 | 1 | 2 | 3 {
  const { NO_COLOR: none, FORCE_COLOR: force } = process.env;
  if (none !== undefined && none !== '' && force === undefined) return 0;
  return supportsColor === false ? 0 : supportsColor.level;
}

/** Columns to write for: those of the terminal between 40 and 140, 80 where there is none. */
export function terminalWidth(): number {
  const fromEnvironment = Number(process.env['COLUMNS']);
  const columns = process.stdout.isTTY ? process.stdout.columns : fromEnvironment > 0 ? fromEnvironment : 80;
  return Math.max(40, Math.min(columns, 140));
}
