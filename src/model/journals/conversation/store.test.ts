import { describe, expect, it } from 'vitest';
import type { LadderEvent } from './events.js';
import { LadderStore } from './store.js';

const event = (i: number, length: number): LadderEvent =>
  ({ type: 'notification', frame: i, time: i, order: i, record: { path: 'x'.repeat(length) } }) as never;

describe('the events of a conversation', () => {
  it.each([10, 1000, 50_000])('are kept up to a number of bytes, the first and the latest: paths of %i', (length) => {
    const store = new LadderStore(1_000_000, 1_000_000);
    const count = 5000;
    for (let i = 0; i < count; i++) store.add(event(i, length));
    const { head, tail } = store.parts();
    const kept = head.length + tail.length;
    expect(kept * length).toBeLessThanOrEqual(1_000_000);
    expect(kept + store.leftOut!.events).toBe(count);
    expect([head[0]!.frame, tail.at(-1)!.frame]).toEqual([0, count - 1]);
    expect(store.leftOut).toMatchObject({ fromFrame: head.length, toFrame: count - tail.length - 1 });
  });

  it('are kept up to a number', () => {
    const store = new LadderStore(100);
    for (let i = 0; i < 5000; i++) store.add(event(i, 10));
    expect([store.size, store.leftOut?.events]).toEqual([100, 4900]);
  });
});
