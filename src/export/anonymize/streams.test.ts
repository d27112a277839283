import { describe, expect, it } from 'vitest';
import { RewrittenStream, StreamBytes } from './streams.js';

describe('frames that wait for their bytes', () => {
  it('are looked at a few times each, however many wait for one message', () => {
    const stream = new RewrittenStream();
    const most = 20_000;
    const message = Buffer.alloc(most, 7);
    let [looks, filled] = [0, 0];
    const outs: Buffer[] = [];
    for (let i = 0; i < most; i++) {
      stream.append(message, i, i + 1, i);
      const out = Buffer.alloc(1);
      outs.push(out);
      stream.wait({ out, at: 0, length: 1, position: () => (looks++, i), filled: () => filled++ });
      stream.serve();
    }
    expect(filled).toBe(0);
    stream.put(0, message);
    stream.serve();
    expect(filled).toBe(most);
    expect(looks).toBeLessThan(10 * most);
    expect(Buffer.concat(outs).equals(message)).toBe(true);
  });

  it('whose place is known later are filled all the same', () => {
    const stream = new RewrittenStream();
    const bytes = Buffer.from('abcd');
    stream.append(bytes, 0, 4, 0);
    stream.put(0, bytes);
    let place = 100;
    const out = Buffer.alloc(2);
    let filled = false;
    stream.wait({ out, at: 0, length: 2, position: () => place, filled: () => (filled = true) });
    stream.serve();
    expect(filled).toBe(false);
    place = 1;
    stream.die();
    expect([filled, out.toString()]).toEqual([true, 'bc']);
  });
});

describe('what streams have at hand', () => {
  const message = Buffer.alloc(1000, 7);
  const next = (stream: RewrittenStream): void => {
    const { seen } = stream;
    stream.append(message, 0, message.length, seen);
    stream.put(seen, message);
    stream.serve();
  };
  const again = (stream: RewrittenStream, position: number): number => {
    const out = Buffer.alloc(1000);
    stream.wait({ out, at: 0, length: 1000, position: () => position, filled: () => undefined });
    return out.filter((byte) => byte === 7).length;
  };

  it('is bounded for all of them together', () => {
    const all = new StreamBytes(1_000_000);
    const streams = Array.from({ length: 500 }, () => new RewrittenStream(all));
    for (let i = 0; i < 50; i++) for (const stream of streams) next(stream);
    expect(streams.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(1_000_000);
    // What was sent last can be sent again; what came long before is zeros.
    for (const stream of streams.slice(-10)) expect([again(stream, 49_000), again(stream, 0)]).toEqual([1000, 0]);
  });

  it('is what frames wait for, however much there is', () => {
    const all = new StreamBytes(100_000);
    const slow = new RewrittenStream(all);
    slow.append(message, 0, 1000, 0);
    slow.put(0, message.subarray(0, 400));
    const out = Buffer.alloc(1000);
    let filled = 0;
    slow.wait({ out, at: 0, length: 1000, position: () => 0, filled: () => filled++ });
    const others = Array.from({ length: 100 }, () => new RewrittenStream(all));
    for (let i = 0; i < 10; i++) for (const stream of others) next(stream);
    slow.put(400, message.subarray(400));
    slow.serve();
    expect([filled, out.equals(message)]).toEqual([1, true]);
  });

  it('is little once the connection has ended, and nothing of what nobody understands', () => {
    const all = new StreamBytes();
    const closed = new RewrittenStream(all);
    const stranger = new RewrittenStream(all);
    for (let i = 0; i < 100; i++) next(closed);
    closed.close();
    expect(closed.size).toBeLessThanOrEqual(4096);
    expect(again(closed, 99_000)).toBe(1000);
    stranger.append(message, 0, 1000, 0);
    stranger.die();
    for (let i = 1; i < 1000; i++) {
      stranger.append(message, 0, 1000, 1000 * i);
      stranger.serve();
    }
    expect(stranger.size).toBeLessThanOrEqual(4 * 64 * 1024);
    expect(stranger.zeroed).toBe(1_000_000);
  });
});
