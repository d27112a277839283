import { describe, expect, it } from 'vitest';
import { RewrittenStream } from './streams.js';

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
