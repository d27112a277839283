import { basename, dirname, join } from 'node:path';

/** What stands for a part of a time in the name of a file, as of strftime: its digits. */
const PARTS: Readonly<Record<string, (time: string) => string>> = {
  Y: (time) => time.slice(0, 4),
  m: (time) => time.slice(5, 7),
  d: (time) => time.slice(8, 10),
  H: (time) => time.slice(11, 13),
  M: (time) => time.slice(14, 16),
  S: (time) => time.slice(17, 19),
  s: (time) => String(Math.floor(Date.parse(time) / 1000)),
};
/** Behind it, the number of a part of what the name stands for comes before the ending. */
const ENDING = /(\.ndjson|\.jsonl)?(\.gz)?$/;

/** The names of the files of one recording: made of a time (UTC) and the number of a part, and known again. */
export class FileNames {
  readonly folder: string;
  private readonly base: string;
  private readonly pattern: RegExp;

  /** Throws RangeError where the template says something that is not understood. */
  constructor(template: string) {
    this.folder = dirname(template);
    this.base = basename(template);
    if (this.folder.includes('%')) throw new RangeError('only the name of the file can have a time in it, no folder');
    const unknown = /%.?/.exec(this.base.replace(/%[YmdHMSs%]/g, ''));
    if (unknown !== null) throw new RangeError(`${unknown[0]} is not understood: use %Y %m %d %H %M %S %s (UTC)`);
    const digits = (text: string): string =>
      text.replace(/%(.)|([^%]+)/g, (_, part: string | undefined, other: string | undefined) => {
        if (part === undefined) return escape(other!);
        return part === '%' ? '%' : part === 's' ? '\\d+' : part === 'Y' ? '\\d{4}' : '\\d\\d';
      });
    const at = ENDING.exec(this.base)!.index;
    this.pattern = new RegExp(`^${digits(this.base.slice(0, at))}(?:\\.(\\d+))?${digits(this.base.slice(at))}$`);
  }

  /** Path of part `part` (from 1, which is not in the name) of the file that begins at `seconds` since 1970. */
  path(seconds: number, part: number): string {
    const time = new Date(seconds * 1000).toISOString();
    const name = this.base.replace(/%(.)/g, (_, letter: string) => PARTS[letter]?.(time) ?? '%');
    const at = ENDING.exec(name)!.index;
    return join(this.folder, part === 1 ? name : `${name.slice(0, at)}.${part}${name.slice(at)}`);
  }

  /** The number of its part where `name` (without folder) is a name of this recording, otherwise null. */
  part(name: string): number | null {
    const match = this.pattern.exec(name);
    return match === null ? null : Number(match[1] ?? 1);
  }
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
