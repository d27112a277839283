import { LONGEST_NAME, StringTable } from '../../protocols/zookeeper/stringTable.js';

/** Longer ones repeat less often than they cost. */
const LONGEST = 256;
/**
 * Names of lines that are known again.
 * @bound names
 */
const MOST = 20_000;

/**
 * Names that lines hold: each line has strings of its own, while paths and names of children repeat thousands of times. So
 * a name that comes again is the same string, and one that is too long is shortened as one on the wire is.
 */
export class SharedNames {
  private readonly known = new Map<string, string>();
  private readonly strings = new StringTable();

  /** Puts them into the fields of a line, which nobody else has. */
  share(fields: Record<string, unknown>): void {
    for (const name in fields) {
      const value = fields[name];
      if (typeof value === 'string') {
        if (name === 'path') fields[name] = this.name(value);
      } else if (Array.isArray(value)) this.shareList(value as unknown[]);
    }
  }

  /** Children, watches, operations of a multi. */
  private shareList(list: unknown[]): void {
    for (const [i, item] of list.entries()) {
      if (typeof item === 'string') list[i] = this.name(item);
      else if (typeof item === 'object' && item !== null && 'path' in item && typeof item.path === 'string')
        item.path = this.name(item.path);
    }
  }

  private name(text: string): string {
    const { length } = text;
    if (length > LONGEST) return length > LONGEST_NAME / 4 ? this.long(text) : text;
    const known = this.known.get(text);
    if (known !== undefined) return known;
    if (this.known.size >= MOST) this.known.clear();
    this.known.set(text, text);
    return text;
  }

  private long(text: string): string {
    const bytes = Buffer.from(text);
    return bytes.length > LONGEST_NAME ? this.strings.get(bytes, 0, bytes.length) : text;
  }
}
