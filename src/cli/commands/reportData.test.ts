import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { gatherReport } from './report.js';
import { hasTshark, tsharkFields } from '../../testing/tshark.js';
import type { LaneData, ReportData } from '../../report/postmortem/data.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/incidents/', import.meta.url));
/** Findings whose evidence began before the frame that completed it. */
const BEGUN_BEFORE = ['../incidents2/oversize.pcap.gz', '../incidents2/oversize-setwatches.pcap.gz'];

const report = (name: string): Promise<ReportData> => gatherReport([FIXTURES + name]);
const laneOf = (data: ReportData, session: string): LaneData => data.lanes.find((lane) => lane.session === session)!;
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

interface Window {
  notification: number;
  readWithoutWatch: number;
  readWithWatch: number;
  added: string[];
  removed: string[];
}

describe('the report of rpcx-blind-window', () => {
  it('has every blind window that the truth has, and says since when the client is out of date', async () => {
    const data = await report('rpcx-blind-window.pcap.gz');
    const truth = JSON.parse(readFileSync(`${FIXTURES}rpcx-blind-window.truth.json`, 'utf8')) as {
      expect: { session: string; windows: Window[] }[];
    };
    const [expected] = truth.expect;
    const [finding] = data.findings;
    const [windows] = finding!.tables;
    const names = (text: string): string[] => (text === '' ? [] : text.split(' ').sort());
    expect(
      windows!.rows.map(([notified, plain, watched, , , added, removed]) => {
        return [notified, plain, watched, names(String(added)), names(String(removed))];
      }),
    ).toEqual(
      expected!.windows.map((window) => {
        const { notification, readWithoutWatch, readWithWatch, added, removed } = window;
        return [notification, readWithoutWatch, readWithWatch, [...added].sort(), [...removed].sort()];
      }),
    );
    expect(data.verdict.sentences[0]?.text).toContain(
      'At the end of the capture it is out of date since 00:17:17.269273 UTC (frame 2652): its list still holds tcp@10.77.0.41:8972',
    );
    const lane = laneOf(data, expected!.session);
    expect(data.lanes[0]).toBe(lane);
    expect(lane.windows.filter(({ changed }) => changed)).toHaveLength(9);
    expect(lane.stale.at(-1)?.to).toBe(data.to);
    // The client with the corrected loop has no window.
    expect(laneOf(data, '0x300002481850085').windows).toEqual([]);
  });

  it('shows requests, answers and the changes by others in one ladder', async () => {
    const { findings } = await report('rpcx-blind-window.pcap.gz');
    const rows = findings[0]!.ladder.map(({ kind, frame, direction, label }) => [kind, frame, direction, label]);
    expect(rows).toEqual([
      ['evidence', 415, 'response', 'NodeChildrenChanged /rpcx/Arith'],
      ['context', 418, 'request', 'getChildren2 /rpcx/Arith watch=false'],
      ['other', 419, 'response', 'create answered /rpcx/Arith/tcp@10.77.0.66:8972 zxid 0x100000887'],
      ['evidence', 421, 'response', 'getChildren2 answered /rpcx/Arith 37 children cversion 37 zxid 0x100000887'],
      ['omitted', expect.any(Number), null, '8 × getData'],
      ['other', 453, 'response', 'create answered /rpcx/Arith/tcp@10.77.0.67:8972 zxid 0x100000889'],
      ['omitted', expect.any(Number), null, '18 × getData'],
      ['other', 522, 'response', 'create answered /rpcx/Arith/tcp@10.77.0.68:8972 zxid 0x10000088b'],
      ['omitted', expect.any(Number), null, '11 × getData'],
      ['context', 567, 'request', 'getChildren2 /rpcx/Arith watch=true'],
      ['evidence', 568, 'response', 'getChildren2 answered /rpcx/Arith 39 children cversion 39 zxid 0x10000088c'],
    ]);
  });

  it('counts in the timeline what the tables count, at every width', async () => {
    const data = await report('rpcx-blind-window.pcap.gz');
    const operations = data.tables.find(({ id }) => id === 'operations')!.rows;
    const requests = (ping: boolean): number =>
      sum(operations.filter(([op]) => (op === 'ping') === ping).map((row) => Number(row[1])));
    for (const level of data.levels) {
      expect(sum(level.operations)).toBe(requests(false));
      expect(sum(level.pings)).toBe(requests(true));
      expect(sum(level.notifications)).toBe(28);
      expect(sum(level.errors)).toBe(16);
    }
    // 32 providers were there before, and two consumers come at once; 12 sessions of the update come and go.
    const live = data.levels[0]!.sessions;
    expect(live.at(0)).toBeGreaterThanOrEqual(32);
    expect(live.at(-1)).toBe(
      data.tables.find(({ id }) => id === 'sessions')!.rows.filter((r) => String(r[6]).startsWith('open')).length,
    );
  });
});

describe('the report of sidecar-drop', () => {
  it('draws silence, expiry, and who only pings afterwards', async () => {
    const data = await report('sidecar-drop.pcap');
    const lost = laneOf(data, '0x30000248185008a');
    expect(lost.end).toBe('expired');
    expect(lost.silent).toHaveLength(1);
    // Last heard of in frame 71, told in frame 157 that it has expired.
    expect(lost.silent[0]!.from).toBeCloseTo(17 * 60 + 31.886831, 3);
    expect(lost.expired).toBeCloseTo(17 * 60 + 47.896457, 5);
    expect(laneOf(data, '0x1000024810f009d').pinging).toHaveLength(1);
    const expiry = data.findings.find(({ rule }) => rule === 'session-expired')!;
    expect(expiry.ladder.map(({ kind, direction }) => [kind, direction])).toContainEqual(['evidence', 'request']);
  });
});

describe('display filters', () => {
  it.skipIf(!hasTshark)(
    `find in Wireshark what they say${hasTshark ? '' : ' (skipped: tshark is not installed)'}`,
    async () => {
      for (const name of ['sidecar-drop.pcap', 'ensemble-restart-nodeexists.pcap']) {
        const { findings } = await report(name);
        for (const { filters, frames } of findings.slice(0, 1)) {
          for (const [i, { text }] of filters.entries()) {
            const found = tsharkFields(FIXTURES + name, text, ['frame.number']).map(([frame]) => Number(frame));
            if (i === 0) expect(found).toEqual([...new Set(frames)].sort((a, b) => a - b));
            else expect(found, text).toEqual(expect.arrayContaining([...new Set(frames)]));
          }
        }
      }
    },
  );
});

describe('evidence of a message that came in several frames', () => {
  it.each(BEGUN_BEFORE)('has the time of the frame that it names: %s', async (name) => {
    const { findings } = await report(name);
    const [found] = findings.filter(({ rule }) => rule === 'oversize');
    expect(found?.ladder.length).toBeGreaterThan(1);
  });
});
