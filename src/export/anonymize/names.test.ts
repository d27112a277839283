import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shuffled } from './alphabet.js';
import { AnonymizingKey } from './key.js';
import { NameMap } from './names.js';

const key = new AnonymizingKey('a key');
const path = (text: string, names = new NameMap(key)): string => names.path(Buffer.from(text)).toString();
const kind = (text: string): string => text.replace(/[a-z]/g, 'a').replace(/[A-Z]/g, 'A').replace(/\d/g, '0');

describe('names of znodes', () => {
  it('become others of the same kind, the same wherever they stand', () => {
    for (const text of ['/live/search/10.77.0.30', '/rpc/com.shop.OrderService/providers', '/a/B-c_d.e@f:1']) {
      expect(kind(path(text))).toBe(kind(text));
      expect(path(text)).not.toBe(text);
    }
    expect(path('/live/search').slice(1)).toBe(`${path('/live').slice(1)}/${path('search')}`);
    expect(path('/live')).not.toBe(path('/live', new NameMap(new AnonymizingKey('another'))));
  });

  it('can be told for what they are: sequence numbers, UUIDs, what recipes and ZooKeeper itself call them', () => {
    const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
    expect(path('/jobs/_c_0af446d6-b284-4c65-9d2d-d2f622ade0fd-latch-0000000006')).toMatch(
      new RegExp(`^/[a-z]{4}/_c_${uuid}-latch-0000000006$`),
    );
    expect(path('/l/98a71e67b7aa410a82b1ddd3716703df__lock__0000000012')).toMatch(
      /^\/[a-z]\/[0-9a-f]{32}__lock__0000000012$/,
    );
    expect(path('/q/lock-0000000003')).toMatch(/^\/[a-z]\/lock-0000000003$/);
    expect(path('/zookeeper/config')).toBe('/zookeeper/config');
    expect(path('/zookeeper/quota/customers/zookeeper_limits')).toMatch(
      /^\/zookeeper\/quota\/[a-z]{9}\/zookeeper_limits$/,
    );
    expect(path('/deadlock-detector')).not.toContain('lock');
    // A sequential znode is the same name behind the create and in its answer.
    expect(path('/q/orders_0000000041')).toBe(`${path('/q/orders_')}0000000041`);
  });

  it('differ only in numbers where they did so before', () => {
    const [one, other, none] = ['/conf/worker-7.x', '/conf/worker-12.x', '/conf/worker-.x'].map((text) => path(text));
    expect(one!.replace(/[0-9]+/g, '#')).toBe(other!.replace(/[0-9]+/g, '#'));
    expect(one!.replace(/[0-9]+/g, '')).not.toBe(none);
    expect(path('/a1b2')).toMatch(/^\/[a-z]\d[a-z]\d$/);
  });

  it('two names never become one', () => {
    for (const length of [1, 2, 3]) {
      const all = Array.from({ length: 10 ** length }, (_, i) => `${i}`.padStart(length, '0'));
      expect(new Set(all.map((text) => shuffled(key, Buffer.from(text)).toString())).size).toBe(all.length);
    }
    fc.assert(
      fc.property(fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/), fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/), (a, b) => {
        expect(path(a) === path(b)).toBe(a === b);
      }),
    );
  });

  it('any bytes become as many', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const names = new NameMap(key);
        const once = names.path(Buffer.from(bytes));
        expect(once.length).toBe(bytes.length);
        expect(once.equals(names.path(Buffer.from(bytes)))).toBe(true);
        expect(once.some((byte) => byte >= 0x80)).toBe(false);
      }),
    );
  });
});
