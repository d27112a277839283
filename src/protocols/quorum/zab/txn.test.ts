import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buffer, int, long } from '../../../testing/quorumPackets.js';
import { Cursor, END_OF_RECORD } from '../../zookeeper/format/cursor.js';
import { StringTable } from '../../zookeeper/stringTable.js';
import { readDigest, readTxn, txnName, type Txn } from './txn.js';

const acl = Buffer.concat([int(1), int(31), buffer('world'), buffer('anyone')]);
const anyone = [{ perms: 31, scheme: 'world', id: 'anyone' }];
const flag = (value: boolean): Buffer => Buffer.from([value ? 1 : 0]);
const digest = Buffer.concat([int(2), long(0x1f53a6c82n)]);

/** Every transaction: type, bytes, and what it says (`dataAt` apart). */
const transactions: [name: string, type: number, record: Buffer, expected: Txn][] = [
  [
    'create',
    1,
    Buffer.concat([buffer('/a'), buffer('xyz'), acl, flag(true), int(4)]),
    { path: '/a', dataLength: 3, acl: anyone, ephemeral: true, parentCVersion: 4 },
  ],
  [
    'create with null data',
    1,
    Buffer.concat([buffer('/a'), buffer(null), acl, flag(false), int(4)]),
    { path: '/a', dataLength: -1, acl: anyone, ephemeral: false, parentCVersion: 4 },
  ],
  [
    'create2',
    15,
    Buffer.concat([buffer('/a'), buffer(''), acl, flag(false), int(1)]),
    { path: '/a', dataLength: 0, acl: anyone, ephemeral: false, parentCVersion: 1 },
  ],
  [
    'createContainer',
    19,
    Buffer.concat([buffer('/c'), buffer('x'), acl, int(9)]),
    { path: '/c', dataLength: 1, acl: anyone, parentCVersion: 9 },
  ],
  [
    'createTTL',
    21,
    Buffer.concat([buffer('/t'), buffer('x'), acl, int(9), long(600_000n)]),
    { path: '/t', dataLength: 1, acl: anyone, parentCVersion: 9, ttl: 600_000 },
  ],
  ['delete', 2, buffer('/a'), { path: '/a' }],
  ['deleteContainer', 20, buffer('/c'), { path: '/c' }],
  ['setData', 5, Buffer.concat([buffer('/a'), buffer('xy'), int(7)]), { path: '/a', dataLength: 2, version: 7 }],
  [
    'reconfig',
    16,
    Buffer.concat([buffer('/zookeeper/config'), buffer('s'), int(-1)]),
    { path: '/zookeeper/config', dataLength: 1, version: -1 },
  ],
  ['check', 13, Buffer.concat([buffer('/a'), int(2)]), { path: '/a', version: 2 }],
  ['setACL', 7, Buffer.concat([buffer('/a'), acl, int(3)]), { path: '/a', acl: anyone, version: 3 }],
  ['createSession', -10, int(10_000), { timeout: 10_000 }],
  ['closeSession', -11, Buffer.concat([int(2), buffer('/e1'), buffer('/e2')]), { paths: ['/e1', '/e2'] }],
  ['error', -1, int(-101), { err: -101, error: 'NoNode' }],
  [
    'multi',
    14,
    Buffer.concat([
      int(3),
      int(13),
      buffer(Buffer.concat([buffer('/a'), int(2)])),
      int(5),
      buffer(Buffer.concat([buffer('/a'), buffer('q'), int(3)])),
      int(-1),
      buffer(int(-110)),
    ]),
    {
      ops: [
        { op: 'check', path: '/a', version: 2 },
        { op: 'setData', path: '/a', dataLength: 1, version: 3 },
        { op: 'error', err: -110, error: 'NodeExists' },
      ],
    },
  ],
];

function read(type: number, bytes: Buffer): { txn: Txn; complete: boolean } {
  const cursor = new Cursor(new StringTable(4)).reset(bytes, 0, bytes.length);
  const txn: Txn = {};
  try {
    readTxn(type, cursor, txn);
    readDigest(cursor, txn);
    return { txn, complete: true };
  } catch (error) {
    expect(error).toBe(END_OF_RECORD);
    return { txn, complete: false };
  }
}

describe('a transaction', () => {
  it.each(transactions)('%s', (name, type, record, expected) => {
    expect(name.startsWith(txnName(type))).toBe(true);
    const { dataAt, ...txn } = read(type, Buffer.concat([record, digest])).txn;
    expect(txn).toEqual({ ...expected, digest: '0x1f53a6c82' });
    if (dataAt !== undefined && txn.dataLength! > 0) expect(dataAt).toBeLessThan(record.length);
  });

  it('of closeSession had no record before 3.6', () => {
    expect(read(-11, Buffer.alloc(0))).toEqual({ txn: {}, complete: true });
  });

  it('that is cut short gives what is there', () => {
    for (const [, type, record, expected] of transactions) {
      for (let length = 0; length < record.length; length++) {
        const { txn } = read(type, record.subarray(0, length));
        if (txn.path !== undefined) expect(txn.path).toBe(expected.path);
        for (const [i, op] of (txn.ops ?? []).entries()) expect(op.op).toBe(expected.ops![i]!.op);
      }
    }
  });

  it('of any bytes is read without harm', () => {
    const types = fc.constantFrom(...transactions.map(([, type]) => type));
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 200 }), (type, bytes) => {
        read(type, Buffer.from(bytes));
      }),
    );
    // Counts and lengths that claim the whole address space.
    for (const [, type] of transactions) read(type, Buffer.alloc(64, 0x7f));
    const nested = Array.from({ length: 50 }).reduce<Buffer>(
      (inner) => Buffer.concat([int(1), int(14), buffer(inner)]),
      int(0),
    );
    expect(read(14, nested).txn).toEqual({ ops: [{ op: 'multi' }] });
  });
});
