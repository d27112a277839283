import type { LineFields } from '../../lineFields.js';
import type { Acl } from './cursor.js';
import type { JuteField } from './fields.js';
import type { RecordLayout } from './layout.js';
import type { MultiOp, RequestBody, ResponseBody } from './records.js';
import { zxidNumber, type Stat } from './stat.js';

/** ZooDefs.Perms by the letter that stands for each in the output, in the output's order. */
export const permissions: readonly (readonly [bit: number, letter: string])[] = [
  [4, 'c'],
  [8, 'd'],
  [1, 'r'],
  [2, 'w'],
  [16, 'a'],
];

/** A record read back from its printed fields (see output.ts): what is not there stays absent. */
export function bodyOfLine(layout: RecordLayout, line: LineFields): RequestBody & ResponseBody {
  const body: Record<string, unknown> = {};
  for (const field of layout.printed) {
    const name = field.type === 'buffer' ? 'dataLength' : field.as!;
    const value = valueOf(field, name, line);
    if (value !== null) body[name] = value;
  }
  return body;
}

function valueOf({ type }: JuteField, name: string, line: LineFields): unknown {
  switch (type) {
    case 'boolean': {
      const value = line.fields[name];
      return typeof value === 'boolean' ? value : null;
    }
    case 'int':
    case 'long':
    case 'flags':
    case 'buffer':
      return line.number(name);
    case 'zxid':
      return zxidOfLine(line, name);
    case 'stat':
      return statOfLine(line.object(name));
    case 'acl':
      return aclOfLine(line, name);
    case 'ustrings':
      return line.texts(name);
    case 'clientInfo':
      return (
        line.objects(name)?.map((info) => ({ scheme: info.text('scheme') ?? '', id: info.text('id') ?? '' })) ?? null
      );
    case 'requests':
    case 'results':
      return line.objects(name)?.map(opOfLine) ?? null;
    case 'path':
    case 'ustring':
    case 'id':
    case 'decimal':
    case 'named':
      return line.text(name);
  }
}

function aclOfLine(line: LineFields, name: string): Acl[] | null {
  const entries = line.objects(name);
  if (entries === null) return null;
  return entries.map((entry) => {
    const letters = entry.text('perms') ?? '';
    const perms = permissions.reduce((bits, [bit, letter]) => (letters.includes(letter) ? bits | bit : bits), 0);
    return { perms, scheme: entry.text('scheme') ?? '', id: entry.text('id') ?? '' };
  });
}

function opOfLine(line: LineFields): MultiOp {
  const plain = Object.entries(line.fields).filter(([name]) => !['stat', 'acl', 'mode'].includes(name));
  const op = Object.fromEntries(plain) as unknown as MultiOp;
  const stat = statOfLine(line.object('stat'));
  const acl = aclOfLine(line, 'acl');
  return { ...op, op: line.text('op') ?? '', ...(stat === null ? {} : { stat }), ...(acl === null ? {} : { acl }) };
}

/** A zxid as a double, -1 where all bits are set; null where there is none. */
export function zxidOfLine(line: LineFields, name: string): number | null {
  const halves = line.halves(name);
  return halves === null ? null : zxidNumber(halves.hi, halves.lo);
}

/** A whole Stat; null where a field of it is missing. */
export function statOfLine(line: LineFields | null): Stat | null {
  if (line === null) return null;
  const zxids = ['czxid', 'mzxid', 'pzxid'].map((name) => zxidOfLine(line, name));
  const numbers = [
    ...['ctime', 'mtime', 'version', 'cversion', 'aversion', 'dataLength', 'numChildren'].map((name) =>
      line.number(name),
    ),
  ];
  const ephemeralOwner = line.text('ephemeralOwner');
  if (zxids.includes(null) || numbers.includes(null) || ephemeralOwner === null) return null;
  const [czxid, mzxid, pzxid] = zxids as number[];
  const [ctime, mtime, version, cversion, aversion, dataLength, numChildren] = numbers as number[];
  return {
    ...{ czxid: czxid!, mzxid: mzxid!, pzxid: pzxid!, ctime: ctime!, mtime: mtime!, version: version! },
    ...{ cversion: cversion!, aversion: aversion!, ephemeralOwner },
    ...{ dataLength: dataLength!, numChildren: numChildren! },
  };
}
