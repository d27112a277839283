import { describe, expect, it } from 'vitest';
import type { ZooKeeperRequest } from '../message.js';
import { RequestBudget } from './requestBudget.js';
import { OutstandingRequests } from './requests.js';

function request(xid: number, frame: number): ZooKeeperRequest {
  const rest = {
    op: 'getData',
    path: '/a',
    watch: false,
    flags: 0,
    truncated: false,
    length: 20,
    time: 0,
    streamEnd: 0,
    body: null,
  };
  return { opcode: 4, xid, frame, ...rest };
}

describe('requests that nobody answers', () => {
  it('are forgotten oldest first, and counted', () => {
    const outstanding = new OutstandingRequests(128);
    for (let i = 1; i <= 1000; i++) outstanding.add(request(i, i));
    expect(outstanding.size).toBeLessThanOrEqual(128);
    expect(outstanding.size).toBeGreaterThanOrEqual(112);
    expect(outstanding.forgotten + outstanding.size).toBe(1000);
    expect(outstanding.oldest!.xid).toBe(1001 - outstanding.size);
    expect(outstanding.take(1000)!.frame).toBe(1000);
  });

  it('are forgotten as well where all have one xid', () => {
    const outstanding = new OutstandingRequests(128);
    for (let i = 1; i <= 1000; i++) outstanding.add(request(-2, i));
    expect(outstanding.forgotten + outstanding.size).toBe(1000);
    expect(outstanding.take(-2)!.frame).toBe(outstanding.forgotten + 1);
  });
});

describe('waiting requests', () => {
  const sent = (xid: number): ZooKeeperRequest => ({ ...request(xid, xid), streamEnd: xid * 10 });
  const xids = (book: OutstandingRequests): number[] => [...book].map(({ xid }) => xid);

  it.each([5, 200])(
    'that may have been answered in lost bytes wait no more, and are matched still: %i of them',
    (count) => {
      const book = new OutstandingRequests();
      for (let xid = 1; xid <= count; xid++) book.add(sent(xid));
      book.take(2);
      book.doubt();
      expect([book.size, book.oldest, xids(book)]).toEqual([0, null, []]);
      book.add(sent(count + 1));
      book.add(sent(count + 2));
      expect([book.size, book.oldest?.xid, xids(book)]).toEqual([2, count + 1, [count + 1, count + 2]]);
      expect(book.take(3)?.xid).toBe(3);
      expect(book.size).toBe(2);
      expect(book.take(count + 1)?.xid).toBe(count + 1);
      expect([book.size, xids(book)]).toEqual([1, [count + 2]]);
    },
  );

  it.each([9, 300])('are taken out by frame, wherever they stand among those of one xid: %i of them', (count) => {
    const book = new OutstandingRequests();
    for (let frame = 1; frame <= count; frame++) book.add({ ...request(-2, frame), streamEnd: frame });
    expect(book.takeThat(-2, count + 1, 'getData')).toBeNull();
    for (const frame of [count, 5, 1]) expect(book.takeThat(-2, frame, 'getData')?.frame).toBe(frame);
    book.add({ ...request(-2, count + 1), streamEnd: count + 1 });
    const left = Array.from({ length: count + 1 }, (_, i) => i + 1).filter((frame) => ![count, 5, 1].includes(frame));
    expect([...book].map(({ frame }) => frame)).toEqual(left);
    for (const frame of left) expect(book.take(-2)?.frame).toBe(frame);
    expect(book.size).toBe(0);
  });

  it('are told in the order of sending, the connect request first', () => {
    const book = new OutstandingRequests();
    book.connecting = sent(0);
    for (let i = 1; i <= 100; i++) book.add({ ...sent(i), xid: i % 3 === 0 ? -2 : i });
    expect(book.size).toBe(101);
    expect([...book].map(({ streamEnd }) => streamEnd)).toEqual(Array.from({ length: 101 }, (_, i) => i * 10));
  });

  it('stay within one bound on all connections together, and count no more once answered, or at the end', () => {
    const budget = new RequestBudget(1000, 32);
    const all = Array.from({ length: 50 }, () => new OutstandingRequests(4096, budget));
    for (let xid = 1; xid <= 200; xid++) for (const book of all) book.add(sent(xid));
    const waiting = all.reduce((sum, { size }) => sum + size, 0);
    expect(waiting).toBeLessThanOrEqual(1000 + 50 * 33);
    expect(waiting + all.reduce((sum, { forgotten }) => sum + forgotten, 0)).toBe(50 * 200);
    for (const [i, book] of all.entries()) {
      if (i % 2 === 0) book.end();
      else for (let xid = 1; xid <= 200; xid++) book.take(xid);
    }
    expect(budget.used).toBe(0);
  });

  const long = (xid: number): ZooKeeperRequest => ({ ...sent(xid), path: `/${'x'.repeat(999)}` });
  const several = (xid: number): ZooKeeperRequest => ({ ...sent(xid), length: 10_000, body: { ops: [] } });

  it.each([
    ['long paths', 2, long],
    ['long paths', 100, long],
    ['several operations', 1, several],
    ['several operations', 100, several],
  ])('stay within one bound of bytes: %s, %i a connection', (_, each, make) => {
    const budget = new RequestBudget(1e6, 4, 100_000);
    const books = Array.from({ length: 200 }, () => new OutstandingRequests(4096, budget));
    for (let xid = 1; xid <= each; xid++) for (const book of books) book.add(make(xid));
    // Those of one connection that are many are thinned out when the next one comes.
    expect(budget.heavy).toBeLessThanOrEqual(100_000 + 40_000);
    const kept = books.reduce((sum, { size }) => sum + size, 0);
    expect(kept).toBeGreaterThan(0);
    expect(kept + books.reduce((sum, { forgotten }) => sum + forgotten, 0)).toBe(200 * each);
    for (const [i, book] of books.entries()) {
      if (i % 2 === 0) book.end();
      else for (let xid = 1; xid <= each; xid++) book.take(xid);
    }
    expect([budget.used, budget.heavy]).toEqual([0, 0]);
  });
});
