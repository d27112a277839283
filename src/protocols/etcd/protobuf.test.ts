import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtobufReader, VARINT } from './protobuf.js';
import { leaseId, looksLikeKeepAliveRequest, looksLikeKeepAliveResponse, readRecord } from './records.js';

/** Base-128 digits of a 64-bit number, the lowest first: an encoding written from the specification, for the tests. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('protobuf', () => {
  it('reads every 64-bit number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const bytes = Buffer.from([0x08, ...varint(value)]);
        const message = new ProtobufReader(bytes, 0, bytes.length);
        expect(message.next()).toBe(true);
        expect([message.field, message.wire]).toEqual([1, VARINT]);
        expect(BigInt.asIntN(64, (BigInt(message.hi) << 32n) | BigInt(message.lo))).toBe(value);
        expect(leaseId(message.hi, message.lo)?.decimal ?? '0').toBe(value.toString());
        expect(message.next()).toBe(false);
        expect(message.malformed).toBe(false);
      }),
    );
  });

  it.each(['08', '0880', '0a05aa', '09aabb', '0b', '0c', '00', '07', '08ffffffffffffffffffff01'])(
    'says that %s is malformed',
    (text) => {
      const message = new ProtobufReader(hex(text), 0, text.length / 2);
      while (message.next());
      expect(message.malformed).toBe(true);
    },
  );

  it('ends on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const body = Buffer.from(bytes);
        for (const op of ['LeaseGrant', 'LeaseKeepAlive', 'LeaseTimeToLive', 'KV/Put', 'KV/Txn']) {
          for (const kind of ['request', 'response'] as const) {
            readRecord(op, kind, false, body);
            readRecord(op, kind, true, body);
          }
        }
        looksLikeKeepAliveRequest(body);
        looksLikeKeepAliveResponse(body);
      }),
    );
  });
});

describe('lease records', () => {
  it('gives ids as signed decimals and as hex of the two’s complement', () => {
    expect(readRecord('LeaseKeepAlive', 'request', false, hex('08 ec c3ff ffff ffff ffff 01')).leaseId).toEqual({
      decimal: '-7700',
      hex: '0xffffffffffffe1ec',
    });
    expect(readRecord('LeaseKeepAlive', 'request', false, hex('08 9221')).leaseId).toEqual({
      decimal: '4242',
      hex: '0x1092',
    });
  });

  it('takes id and TTL of a response from fields 2 and 3, with and without a header', () => {
    expect(readRecord('LeaseKeepAlive', 'response', false, hex('10 9221 18 3c'))).toMatchObject({
      leaseId: { decimal: '4242' },
      ttl: 60,
      revision: null,
    });
    expect(readRecord('LeaseKeepAlive', 'response', false, hex('0a06 1001 1805 2002 10 9221'))).toMatchObject({
      leaseId: { decimal: '4242' },
      ttl: 0,
      memberId: '1',
      revision: 5,
      raftTerm: 2,
    });
  });

  it('unwraps what members send each other at /leases/internal', () => {
    expect(readRecord('LeaseTimeToLive', 'request', true, hex('0a03 08 9221')).leaseId?.decimal).toBe('4242');
    expect(readRecord('LeaseTimeToLive', 'response', true, hex('0a0c 10 9221 18 07 20 09 2a01 61 2a00'))).toMatchObject(
      {
        leaseId: { decimal: '4242' },
        ttl: 7,
        grantedTtl: 9,
        keys: 2,
      },
    );
  });

  it('reads grants, and the lease that a put hangs on', () => {
    expect(readRecord('LeaseGrant', 'request', false, hex('08 3c'))).toMatchObject({ ttl: 60, leaseId: null });
    expect(readRecord('LeaseGrant', 'response', false, hex('10 9221 18 3c'))).toMatchObject({
      ttl: 60,
      leaseId: { hex: '0x1092' },
    });
    expect(readRecord('KV/Put', 'request', false, hex('0a022f61 1200 18 9221'))).toMatchObject({
      key: '/a',
      leaseId: { decimal: '4242' },
    });
  });

  it('knows a keep-alive by its shape only', () => {
    expect(looksLikeKeepAliveRequest(hex('08 9221'))).toBe(true);
    expect(looksLikeKeepAliveRequest(hex('08 9221 10 01'))).toBe(false);
    expect(looksLikeKeepAliveRequest(hex('0a 01 61'))).toBe(false);
    expect(looksLikeKeepAliveResponse(hex('0a00 10 9221 18 3c'))).toBe(true);
    expect(looksLikeKeepAliveResponse(hex('0a00 12 01 00'))).toBe(false);
  });
});
