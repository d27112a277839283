import { readAcl, type JuteReader } from './cursor.js';
import { typeFacts, type JuteType } from './fields.js';
import { readClientInfo } from './records.js';
import { readStat } from './stat.js';

/** A field of a record within a record, under its name in zookeeper.jute. */
export interface NestedField {
  readonly name: string;
  readonly type: JuteType;
}

/** Notes which fields are read instead of reading any. */
class FieldNotes implements JuteReader {
  readonly fields: NestedField[] = [];
  readonly position = 0;
  readonly remaining = 0;

  private note<T>(name: string, type: JuteType, value: T): T {
    this.fields.push({ name, type });
    return value;
  }

  boolean = (name: string): boolean => this.note(name, 'boolean', false);
  int = (name: string): number => this.note(name, 'int', 0);
  longHex = (name: string): string => this.note(name, 'id', '0x0');
  longNumber = (name: string): number => this.note(name, 'long', 0);
  zxid = (name: string): number => this.note(name, 'zxid', 0);
  string = (name: string): string => this.note(name, 'ustring', '');
  skipBuffer = (name: string): number => this.note(name, 'buffer', -1);
  stringVector = (name: string): string[] => this.note(name, 'ustrings', []);
  vector = <T>(): T[] => [];
  record = <T>(_name: string, read: (reader: JuteReader) => T): T => read(this);
  multiHeader = (): null => null;
}

function fieldsOf(read: (reader: JuteReader) => unknown): readonly NestedField[] {
  const notes = new FieldNotes();
  read(notes);
  return notes.fields;
}

/** Records within records. They are read by code of their own, being read most often: these are the fields that it reads. */
export const nestedRecords: Readonly<Record<'stat' | 'acl' | 'clientInfo', readonly NestedField[]>> = {
  stat: fieldsOf(readStat),
  acl: fieldsOf(readAcl),
  clientInfo: fieldsOf(readClientInfo),
};

/** Bytes of the shortest such record. */
export function leastOf(record: keyof typeof nestedRecords): number {
  return nestedRecords[record].reduce((sum, { type }) => sum + typeFacts[type].least, 0);
}
