import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coverage, lostBetween } from './coverage.js';

const AWAKE = { from: -Infinity, until: Infinity };
const LENGTH = 10;

/** For each segment of ten bytes, in order: how often it was sent, how often one of it was lost, and that the capture missed one. */
interface Sent {
  readonly copies: number;
  readonly lost: number;
}

const sent = fc.record({ copies: fc.integer({ min: 1, max: 3 }), lost: fc.integer({ min: 0, max: 3 }) });

function seen(origin: number, segments: readonly Sent[], count: (segment: Sent) => number): Coverage {
  const stream = new Coverage(origin);
  let time = 0;
  for (const [i, segment] of segments.entries())
    for (let copy = 0; copy < count(segment); copy++)
      stream.add((origin + i * LENGTH) >>> 0, LENGTH, (time += 10_000_000));
  return stream;
}

describe('what was lost between two points', () => {
  it('is what one saw more often than the other, over the turn of sequence numbers', () => {
    const wanted = fc.array(sent, { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(wanted, fc.integer({ min: 0, max: 0xffffffff }), (segments, origin) => {
        const told = segments.map(({ copies, lost }) => ({ copies, lost: Math.min(lost, copies) }));
        const there = seen(origin, told, ({ copies }) => copies);
        // The receiver’s point saw the first byte that came.
        const first = told.findIndex(({ copies, lost }) => copies > lost);
        if (first < 0) return;
        const from = (origin + first * LENGTH) >>> 0;
        const here = seen(from, told.slice(first), ({ copies, lost }) => copies - lost);
        const lost = lostBetween({ stream: there, awake: AWAKE }, { stream: here, awake: AWAKE }, 0);
        const bytes = told.slice(first).reduce((sum, segment) => sum + segment.lost * LENGTH, 0);
        expect(lost).toMatchObject({ bytes, notCaptured: 0 });
      }),
    );
  });

  it('counts segments as they were sent again', () => {
    const stream = seen(0, Array<Sent>(4).fill({ copies: 2, lost: 1 }), ({ copies }) => copies);
    const arrived = seen(0, Array<Sent>(4).fill({ copies: 2, lost: 1 }), ({ copies, lost }) => copies - lost);
    const lost = lostBetween({ stream, awake: AWAKE }, { stream: arrived, awake: AWAKE }, 0);
    expect(lost).toEqual({ segments: 4, bytes: 40, notCaptured: 0 });
  });

  it('is not what was sent while the other point was not awake', () => {
    const stream = new Coverage(0);
    for (let i = 0; i < 10; i++) stream.add(i * LENGTH, LENGTH, i * 1e9);
    stream.add(0, LENGTH, 20e9);
    const arrived = new Coverage(30);
    for (let i = 3; i < 6; i++) arrived.add(i * LENGTH, LENGTH, i * 1e9);
    const awake = { from: 3e9, until: 6e9 };
    const lost = lostBetween({ stream, awake: AWAKE }, { stream: arrived, awake }, 0);
    expect(lost).toEqual({ segments: 0, bytes: 0, notCaptured: 0 });
  });

  it('is not what was captured twice within a millisecond, nor a keep-alive', () => {
    const stream = new Coverage(0);
    stream.add(0, LENGTH, 0);
    stream.add(0, LENGTH, 500_000);
    stream.add(LENGTH - 1, 1, 60e9);
    expect(stream.copies).toEqual([]);
  });
});
