import { shorten } from './shorten.js';

/**
 * Columns of a name (a path, an address) in what people read: nobody reads on, and --json has it whole.
 * @bound columns
 */
export const MOST_OF_NAME = 400;
/**
 * Columns of a whole text, with the names in it.
 * @bound columns
 */
export const MOST_OF_TEXT = 4000;

const LONG_WORD = new RegExp(`\\S{${MOST_OF_NAME + 1},}`, 'g');

/** A text for people: the names in it, and all of it, no longer than somebody reads. */
export function shortText(text: string): string {
  if (text.length <= MOST_OF_NAME) return text;
  return shorten(
    text.replace(LONG_WORD, (word) => shorten(word, MOST_OF_NAME)),
    MOST_OF_TEXT,
  );
}

/**
 * A document for people: its names as they are, but none of a megabyte. What holds no long text is the same object, and
 * nothing is ever changed in place.
 */
export function shortNames<T>(value: T): T {
  return shortened(value) as T;
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string') return shortText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value as readonly unknown[];
    let copy: unknown[] | null = null;
    for (let i = 0; i < items.length; i++) {
      const item = shortened(items[i]);
      if (item !== items[i]) (copy ??= items.slice())[i] = item;
    }
    return copy ?? value;
  }
  let copy: Record<string, unknown> | null = null;
  for (const [key, item] of Object.entries(value)) {
    const short = shortened(item);
    const name = shortText(key);
    if (short === item && name === key) continue;
    copy ??= { ...(value as Record<string, unknown>) };
    if (name !== key) Reflect.deleteProperty(copy, key);
    copy[name] = short;
  }
  return copy ?? value;
}
