import { supportsColor } from 'chalk';

/** Chalk's level of colour for standard output: none in a pipe or with NO_COLOR set; FORCE_COLOR overrules. */
export function colourLevel(): 0 | 1 | 2 | 3 {
  const { NO_COLOR: none, FORCE_COLOR: force } = process.env;
  if (none !== undefined && none !== '' && force === undefined) return 0;
  return supportsColor === false ? 0 : supportsColor.level;
}
