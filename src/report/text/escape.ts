/**
 * Characters that do something to a terminal or to the order of what is read, or that nobody sees: control characters,
 * line separators, direction marks, soft hyphens, fillers, variation selectors, tags (Unicode's Default_Ignorable, and
 * what is like it).
 */
const UNSEEN = [
  '\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e',
  '\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb',
].join('');
/** Beyond U+FFFF: shorthand and musical format controls, tags and the variation selectors behind them. */
const UNSEEN_PAIRS = '\\ud82f[\\udca0-\\udca3]|\\ud834[\\udd73-\\udd7a]|\\udb40[\\udc00-\\udfff]';
// eslint-disable-next-line no-misleading-character-class -- each stands for itself
const DANGEROUS = new RegExp(`[\\u0000-\\u001f${UNSEEN}]|${UNSEEN_PAIRS}`, 'g');
// eslint-disable-next-line no-misleading-character-class -- each stands for itself
const IN_JSON = new RegExp(`[${UNSEEN}]|${UNSEEN_PAIRS}`, 'g');

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

/** A character as the escapes of its UTF-16 units. */
function units(character: string, escape: (code: number) => string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) text += escape(character.charCodeAt(i));
  return text;
}

const escaped = (character: string): string =>
  units(character, (code) => (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`));
const escapedInJson = (character: string): string => units(character, (code) => `\\u${hex(code, 4)}`);

/** Text of the capture as it may go to a terminal or a file that is read by one: dangerous characters as `\x1b`. */
export function printable(text: string): string {
  return text.replace(DANGEROUS, escaped);
}

const DELETE = String.fromCharCode(0x7f);

/** JSON that says the same, with what a terminal would act on, or nobody would see, as `\u009b`. */
export function printableJson(json: string): string {
  // As many bytes as characters: all of it is ASCII, as nearly every line is, of which JSON leaves DEL alone as it is.
  if (Buffer.byteLength(json) === json.length && !json.includes(DELETE)) return json;
  return json.replace(IN_JSON, escapedInJson);
}
