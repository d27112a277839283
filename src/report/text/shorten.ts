import { characters, textWidth } from './width.js';

/** Text of at most `width` columns: what is longer loses its middle, where paths differ least. */
export function shorten(text: string, width: number): string {
  // No character is wider than two columns, and none that is one UTF-16 unit long takes more than two.
  if (text.length * 2 <= width || textWidth(text) <= width) return text;
  if (width < 3) return '…'.slice(0, width);
  const tail = Math.ceil((width - 1) * 0.6);
  const all = characters(text);
  const end = fitting(all.slice(-tail).reverse(), tail).reverse();
  return `${fitting(all.slice(0, width - 1 - tail), width - 1 - tail).join('')}…${end.join('')}`;
}

/** As many characters from the first on as take at most `width` columns. */
function fitting(all: readonly string[], width: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const character of all) {
    used += textWidth(character);
    if (used > width) break;
    taken.push(character);
  }
  return taken;
}
