import { describe, expect, it } from 'vitest';
import { FramedStream, type FrameHandler } from './framing.js';
import { MessageBuffers, OWN_BUFFER } from './messageBuffers.js';

describe('MessageBuffers', () => {
  it('gives a buffer that was given back to the next who asks for that size', () => {
    const buffers = new MessageBuffers();
    const first = buffers.take(10_000);
    expect(first.length).toBe(16_384);
    expect(buffers.take(10_000) === first).toBe(false);
    buffers.give(first);
    expect(buffers.take(9000) === first).toBe(true);
  });

  it('keeps few, and none that are small or very large', () => {
    const buffers = new MessageBuffers();
    const many = Array.from({ length: 100 }, () => buffers.take(3000));
    for (const buffer of many) buffers.give(buffer);
    const again = Array.from({ length: 100 }, () => buffers.take(3000));
    expect(again.filter((buffer) => many.includes(buffer))).toHaveLength(4);
    for (const length of [1, 100, OWN_BUFFER, 65_537, 1_000_000]) {
      const buffer = buffers.take(length);
      expect(buffer.length).toBeGreaterThanOrEqual(length);
      buffers.give(buffer);
      expect(buffers.take(length) === buffer).toBe(false);
    }
  });
});

describe('FramedStream', () => {
  it.each([1000, 10_000, 60_000, 200_000])('holds little once a message of %i bytes is whole', (length) => {
    const nothing = (): undefined => undefined;
    const handler: FrameHandler = { frame: nothing, evidence: () => 'no', skipped: nothing, held: 0 };
    const stream = new FramedStream(handler, 0, true);
    const message = Buffer.alloc(4 + length);
    message.writeInt32BE(length);
    const segment = (start: number, end: number): void => {
      stream.data({ bytes: message, start, end, position: end, frame: 1, time: 1 } as never);
    };
    segment(0, 500);
    segment(500, 4 + length - 1);
    expect(handler.held).toBeGreaterThanOrEqual(length);
    segment(4 + length - 1, 4 + length);
    expect(handler.held).toBeLessThanOrEqual(OWN_BUFFER);
  });
});
