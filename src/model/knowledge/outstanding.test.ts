import { describe, expect, it } from 'vitest';
import type { ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { RequestBudget } from '../../protocols/zookeeper/connection/requestBudget.js';
import { OutstandingRequests } from '../../protocols/zookeeper/connection/requests.js';
import { Outstanding } from './outstanding.js';

function request(xid: number): ZooKeeperRequest {
  const rest = { path: '/a', watch: false, flags: 0, length: 20, frame: xid, time: 0, streamEnd: 0, body: null };
  return { opcode: 4, op: 'getData', xid, ...rest };
}

describe('requests that nobody answers', () => {
  for (const [name, make] of [
    ['of the model', (budget: RequestBudget) => new Outstanding(budget)],
    ['of the decoder', (budget: RequestBudget) => new OutstandingRequests(4096, budget)],
  ] as const) {
    it(`stay within one bound on all connections together: ${name}`, () => {
      const budget = new RequestBudget(1000, 32);
      const all = Array.from({ length: 50 }, () => make(budget));
      for (let xid = 1; xid <= 200; xid++) for (const outstanding of all) outstanding.add(request(xid));
      const waiting = all.reduce((sum, { size }) => sum + size, 0);
      expect(waiting).toBeLessThanOrEqual(1000 + 50 * 33);
      expect(waiting + all.reduce((sum, { forgotten }) => sum + forgotten, 0)).toBe(50 * 200);
    });
  }

  it('count no more once they are answered, or their connection has ended', () => {
    const budget = new RequestBudget(1000, 32);
    const model = new Outstanding(budget);
    const decoder = new OutstandingRequests(4096, budget);
    const ended = new OutstandingRequests(4096, budget);
    const requests = Array.from({ length: 300 }, (_, i) => request(i));
    for (const outstanding of [model, decoder, ended]) for (const one of requests) outstanding.add(one);
    expect(budget.used).toBe(300 - 32 + 300 + 300);
    for (const one of requests) {
      model.answered(one);
      decoder.take(one.xid);
    }
    ended.end();
    expect(budget.used).toBe(0);
  });
});
