import { describe, expect, it } from 'vitest';
import type { ZooKeeperRequest } from '../message.js';
import { OutstandingRequests } from './requests.js';

function request(xid: number, frame: number): ZooKeeperRequest {
  const rest = { op: 'getData', path: '/a', watch: false, flags: 0, length: 20, time: 0, streamEnd: 0, body: null };
  return { opcode: 4, xid, frame, ...rest };
}

describe('requests that nobody answers', () => {
  it('are forgotten oldest first, and counted', () => {
    const outstanding = new OutstandingRequests(128);
    for (let i = 1; i <= 1000; i++) outstanding.add(request(i, i));
    expect(outstanding.size).toBeLessThanOrEqual(128);
    expect(outstanding.size).toBeGreaterThanOrEqual(112);
    expect(outstanding.forgotten + outstanding.size).toBe(1000);
    expect(outstanding.oldest()!.xid).toBe(1001 - outstanding.size);
    expect(outstanding.take(1000)!.frame).toBe(1000);
  });

  it('are forgotten as well where all have one xid', () => {
    const outstanding = new OutstandingRequests(128);
    for (let i = 1; i <= 1000; i++) outstanding.add(request(-2, i));
    expect(outstanding.forgotten + outstanding.size).toBe(1000);
    expect(outstanding.take(-2)!.frame).toBe(outstanding.forgotten + 1);
  });
});
