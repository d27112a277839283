import { describe, expect, it } from 'vitest';
import { AckPace, type SlowStretch } from './ackPace.js';

const MS = 1e6;

/** Proposals and acknowledgements of one or two servers, in order of time. */
function run(...servers: ((at: number, pace: AckPace) => number)[]): SlowStretch[][] {
  const stretches: SlowStretch[][] = servers.map(() => []);
  const paces = stretches.map((list) => new AckPace(list));
  for (const pace of paces) pace.peers = () => paces;
  const times = servers.map(() => 0);
  while (Math.min(...times) < 10_000) {
    const next = times.indexOf(Math.min(...times));
    times[next] = servers[next]!(times[next]!, paces[next]!);
  }
  for (const pace of paces) pace.end();
  return stretches;
}

/** One batch: `count` proposals at once, all acknowledged `wait` ms later, the next batch `pause` ms after that. */
const batch =
  (count: number, wait: number, pause = 1) =>
  (at: number, pace: AckPace): number => {
    for (let i = 0; i < count; i++) pace.proposed({ frame: at, time: at * MS }, at * 1000 + i);
    for (let i = 0; i < count; i++) pace.acknowledged({ frame: at + wait, time: (at + wait) * MS }, at * 1000 + i);
    return at + wait + pause;
  };

describe('AckPace', () => {
  it('sees small batches that wait long', () => {
    const [[stretch]] = run(batch(2, 80)) as [[SlowStretch]];
    expect(stretch.waited / stretch.waits).toBe(80 * MS);
    expect(stretch.longest).toBe(80 * MS);
    expect(stretch.peersFaster).toBe(0);
    expect(stretch.to.time - stretch.from.time).toBeGreaterThan(9900 * MS);
  });

  it('says nothing of quick ones, nor of an idle server', () => {
    expect(run(batch(2, 10))).toEqual([[]]);
    expect(run(batch(1, 5, 900))).toEqual([[]]);
  });

  it('says nothing of large batches, unless a peer is several times faster with the same', () => {
    expect(run(batch(100, 80))).toEqual([[]]);
    expect(run(batch(100, 80), batch(100, 55))).toEqual([[], []]);
    const [slow, quick] = run(batch(100, 80), batch(25, 15));
    expect(slow!.length).toBe(1);
    expect(slow![0]!.peersFaster).toBeGreaterThan(8);
    expect(quick).toEqual([]);
  });

  it('does not count the time in which nothing waited', () => {
    expect(run(batch(1, 3, 200))).toEqual([[]]);
  });

  it('ends a stretch where it is quick again for some seconds', () => {
    const [stretches] = run((at, pace) => batch(2, at < 2000 || at > 8000 ? 80 : 4)(at, pace));
    expect(stretches!.length).toBe(2);
    expect(stretches![0]!.to.time).toBeLessThan(2200 * MS);
    expect(stretches![1]!.from.time).toBeGreaterThan(7900 * MS);
  });

  it('knows nothing of what waited across a hole in the capture', () => {
    const stretches: SlowStretch[] = [];
    const pace = new AckPace(stretches);
    pace.proposed({ frame: 1, time: 0 }, 1);
    pace.forget();
    pace.acknowledged({ frame: 2, time: 9000 * MS }, 1);
    pace.end();
    expect(stretches).toEqual([]);
  });

  it('takes an acknowledgement for all proposals before it: those whose own is missing wait for nobody', () => {
    const stretches: SlowStretch[] = [];
    const pace = new AckPace(stretches);
    pace.proposed({ frame: 1, time: 0 }, 1);
    pace.proposed({ frame: 2, time: 1 * MS }, 2);
    pace.acknowledged({ frame: 3, time: 2 * MS }, 2);
    pace.proposed({ frame: 4, time: 9000 * MS }, 3);
    pace.acknowledged({ frame: 5, time: 9002 * MS }, 3);
    pace.end();
    expect(stretches).toEqual([]);
  });

  it('counts a PING that is answered late just before the acknowledgement that ends the wait, seconds after the last', () => {
    const stretches: SlowStretch[] = [];
    const pace = new AckPace(stretches);
    pace.proposed({ frame: 1, time: 0 }, 1);
    pace.acknowledged({ frame: 2, time: 2 * MS }, 1);
    pace.proposed({ frame: 3, time: 500 * MS }, 2);
    pace.pingSent(1000 * MS);
    pace.pinged(2400 * MS, 3400 * MS);
    pace.acknowledged({ frame: 4, time: 3401 * MS }, 2);
    pace.end();
    expect(stretches.map(({ longest, longestPing }) => [longest, longestPing])).toEqual([[2901 * MS, 2400 * MS]]);
  });

  it('keeps a bounded number of stretches, those that waited longest', () => {
    const stretches: SlowStretch[] = [];
    const pace = new AckPace(stretches);
    for (let i = 0; i < 1000; i++) {
      const at = i * 10_000 * MS;
      pace.proposed({ frame: i, time: at }, i);
      pace.acknowledged({ frame: i, time: at + (100 + i) * MS }, i);
    }
    pace.end();
    expect(stretches.length).toBe(64);
    expect(Math.min(...stretches.map((stretch) => stretch.waited))).toBe((100 + 936) * MS);
  });
});
