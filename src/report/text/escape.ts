/**
 * Characters that do something to a terminal or to the order of what is read: control characters, line separators, and
 * Unicode's direction marks.
 */
// eslint-disable-next-line no-control-regex -- to find control characters is what this is for
const DANGEROUS = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}

/** Text of the capture as it may go to a terminal or a file that is read by one: dangerous characters as `\x1b`. */
export function printable(text: string): string {
  return text.replace(DANGEROUS, escaped);
}
