import { textWidth } from './width.js';

const UNIT = /^(?:ns|µs|ms|s|min|h|B|kB|MB|%)[.,;:)]?$/;

/** Words that stay together: a number and its unit are one. */
function words(text: string): string[] {
  const result: string[] = [];
  for (const word of text.split(/\s+/)) {
    if (word === '') continue;
    const before = result.at(-1);
    if (before !== undefined && UNIT.test(word) && /\d$/.test(before)) result[result.length - 1] = `${before} ${word}`;
    else result.push(word);
  }
  return result;
}

/**
 * Breaks text into lines of at most `width` columns at spaces; what is longer than a line stands on one of its own.
 * @param indent put in front of every line, and counted
 */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const word of words(text)) {
    if (line !== '' && textWidth(indent) + used + 1 + textWidth(word) > width) {
      lines.push(indent + line);
      line = word;
      used = textWidth(word);
    } else {
      used += textWidth(word) + (line === '' ? 0 : 1);
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  if (line !== '') lines.push(indent + line);
  return lines.join('\n');
}
