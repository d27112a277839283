import { describe, expect, it } from 'vitest';
import { headers } from '../../protocols/zookeeper/format/headers.js';
import { typeFacts, type JuteField } from '../../protocols/zookeeper/format/fields.js';
import { operations, type Operation } from '../../protocols/zookeeper/format/operations.js';
import { SCRIPT_MARK, wiresharkDissector } from './dissector.js';
import { dissectorExperts } from './experts.js';
import { dissectorFields, fieldName } from './fields.js';
import { fieldLabel, luaString, snakeCase } from './names.js';

describe('the fields of the dissector', () => {
  it('are those of every record of the table, in one type each', () => {
    const types = new Map(dissectorFields.map(({ name, type }) => [name, type]));
    expect(types.size).toBe(dissectorFields.length);
    for (const [name, { request, response }] of Object.entries<Operation>(operations)) {
      for (const field of [...request, ...response]) expect(types.has(fieldName(field, name))).toBe(true);
    }
    for (const field of Object.values<readonly JuteField[]>(headers).flat()) {
      if (field.as !== null) expect(types.has(fieldName(field, ''))).toBe(true);
    }
    expect(
      ['op', 'path', 'xid', 'zxid', 'err', 'watch', 'session', 'latency', 'request_in', 'response_in'].map((name) =>
        types.get(name),
      ),
    ).toEqual([
      'string',
      'string',
      'int32',
      'uint64',
      'int32',
      'bool',
      'uint64',
      'relative_time',
      'framenum',
      'framenum',
    ]);
  });

  it('have names that Wireshark takes', () => {
    for (const { name, label, text } of dissectorFields) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)?$/);
      expect(label).not.toBe('');
      expect(text).not.toBe('');
    }
  });
});

describe('the script', () => {
  const script = wiresharkDissector('1.2.3');

  it('says on its first line what made it', () => {
    expect(script.split('\n', 1)).toEqual([`${SCRIPT_MARK} 1.2.3.`]);
  });

  it('has every operation, by its number', () => {
    for (const [name, { code }] of Object.entries<Operation>(operations)) {
      expect(script).toContain(`name = "${name}", code = ${code},`);
    }
  });

  it('keeps to what Lua 5.2 to 5.4 all know', () => {
    const code = script.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/--.*$/gm, '');
    // Operators on bits and whole division came with 5.3; bit32 and unpack went before it.
    expect(code).not.toMatch(/\/\/|<<|>>|[&|]|~(?!=)|\bbit32\b|\bunpack\b|\bgoto\b/);
    expect(code).not.toMatch(/\bsetfenv\b|\bloadstring\b|<const>/);
  });

  it('reads every type of field that records have', () => {
    for (const type of Object.keys(typeFacts)) expect(script).toMatch(new RegExp(`\\bread\\.${type}\\b`));
  });

  it('uses no expert information that it does not declare', () => {
    const declared = dissectorExperts.map(({ name }) => name);
    const used = new Set([...script.matchAll(/\bX\.([a-z_]+)/g)].map(([, name]) => name!));
    expect([...used].sort()).toEqual([...declared].sort());
  });

  it('uses no field that it does not declare', () => {
    const declared = new Set(dissectorFields.map(({ name }) => name));
    const used = [...script.matchAll(/\bF\.([a-z_]+)|\bF\["([^"]+)"\]/g)].map(([, plain, quoted]) => plain ?? quoted!);
    expect(used.filter((name) => !declared.has(name))).toEqual([]);
  });
});

describe('names', () => {
  it('are written as Wireshark and Lua write them', () => {
    expect(['dataWatches', 'acl', 'lastZxidSeen', 'persistentRecursiveWatches'].map(snakeCase)).toEqual([
      'data_watches',
      'acl',
      'last_zxid_seen',
      'persistent_recursive_watches',
    ]);
    expect(['data_watches', 'acl.perms'].map(fieldLabel)).toEqual(['Data watches', 'ACL perms']);
    expect(luaString('a"b\\c\n\u0007…')).toBe('"a\\"b\\\\c\\n\\x07…"');
  });
});
