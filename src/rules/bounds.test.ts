import { describe, expect, it } from 'vitest';
import { Scenario } from '../testing/scenario.js';
import { connectRefused } from './catalogue/connect-refused.js';
import { hotLoop } from './catalogue/hot-loop.js';

describe('what rules keep', () => {
  it('hot-loop has room for long paths in bytes, and says once a connection that it had none', () => {
    const s = new Scenario({ registry: [hotLoop] });
    const long = 15_000;
    const crowd = 600;
    const cases = (): number => s.analysis.model.forgotten().cases;
    const clients = Array.from({ length: crowd }, (_, i) => s.session(`10.1.${i >>> 8}.${i & 255}:1000`, `0x1${i}`));
    for (const [i, client] of clients.entries()) client.ask('exists', `/${'x'.repeat(long)}${i}`);
    const without = cases();
    expect(without).toBeGreaterThanOrEqual(crowd - (8 * 1024 * 1024) / long - 1);
    expect(without).toBeLessThan(crowd / 5);
    for (let i = 0; i < 10; i++) clients.at(-1)!.ask('exists', `/${'y'.repeat(long)}${i}`);
    expect(cases()).toBe(without);
    // A connection that ends leaves its room to others.
    for (const client of clients.slice(0, 100)) client.end('fin');
    s.session('10.2.0.1:1000', '0x2').ask('exists', `/${'z'.repeat(long)}`);
    expect(cases()).toBe(without);
  });

  it('connect-refused tells so many hosts apart, and says that there were more', () => {
    const s = new Scenario({ registry: [connectRefused] });
    for (let i = 0; i < 2100; i++) {
      const { tcp, ...connection } = s.open(`10.1.${i >>> 8}.${i & 255}:1000`);
      tcp.synAck = null;
      tcp.refused = s.moment();
      Object.assign(connection, { tcp });
      s.analysis.sink.closed(Object.assign(tcp, { end: 'rst', endMoment: tcp.refused }));
    }
    const [finding] = s.end();
    expect(finding?.message).toContain('2,100 connection attempts of more than 2,000 clients');
    expect(finding?.data['attemptsOfOthers']).toBe(100);
    expect(s.analysis.model.forgotten().cases).toBe(1);
  });
});
