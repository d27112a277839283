/** Fields that are a line's, not its message's own: where and when, and what only a journal says. */
const NOT_OWN = new Set([
  ...[
    'frame',
    'firstFrame',
    'time',
    'ts',
    'protocol',
    'connection',
    'client',
    'server',
    'kind',
    'op',
    'host',
    'run',
    'seq',
    'told',
  ],
  ...[
    'truncated',
    'streamEnd',
    'firstTime',
    'requestFrame',
    'requestFirstFrame',
    'sessionId',
    'digestUser',
    'handshake',
  ],
]);

/** The fields of one decoded line, which may come from strangers: what is not of the type that is asked for is absent. */
export class LineFields {
  constructor(readonly fields: Readonly<Record<string, unknown>>) {}

  text(name: string): string | null {
    const value = this.fields[name];
    return typeof value === 'string' ? value : null;
  }

  /** A finite number. */
  number(name: string): number | null {
    const value = this.fields[name];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  /** A whole number that a double holds exactly. */
  integer(name: string): number | null {
    const value = this.fields[name];
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
  }

  flag(name: string): boolean {
    return this.fields[name] === true;
  }

  /** Seconds as nanoseconds. */
  nanoseconds(name: string): number | null {
    const seconds = this.number(name);
    return seconds === null ? null : Math.round(seconds * 1e9);
  }

  texts(name: string): string[] | null {
    const value = this.fields[name];
    return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
  }

  /** What the message of a protocol was printed with, adding to `record`. */
  own(record: Record<string, unknown> = {}): Record<string, unknown> {
    for (const [name, value] of Object.entries(this.fields)) if (!NOT_OWN.has(name)) record[name] = value;
    return record;
  }

  /** An object, as fields of its own. */
  object(name: string): LineFields | null {
    return fieldsOf(this.fields[name]);
  }

  objects(name: string): LineFields[] | null {
    const value = this.fields[name];
    if (!Array.isArray(value)) return null;
    const list = value.map(fieldsOf);
    return list.includes(null) ? null : (list as LineFields[]);
  }

  /** `0x…` as its unsigned halves. */
  halves(name: string): { readonly hi: number; readonly lo: number } | null {
    const match = /^0x([0-9a-f]{1,16})$/.exec(this.text(name) ?? '');
    if (match === null) return null;
    const digits = match[1]!;
    return { hi: digits.length > 8 ? parseInt(digits.slice(0, -8), 16) : 0, lo: parseInt(digits.slice(-8), 16) };
  }
}

/** The fields of a value, null where it is no object. */
export function fieldsOf(value: unknown): LineFields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? new LineFields(value as Record<string, unknown>)
    : null;
}
