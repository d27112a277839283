import { describe, expect, it } from 'vitest';
import { Scenario } from '../../testing/scenario.js';
import { SessionLane, type LaneWeight } from './sessionLane.js';
import { SessionLanes } from './sessionLanes.js';

describe('SessionLanes', () => {
  const of = (sessions: number): { lanes: SessionLanes; scenario: Scenario } => {
    const scenario = new Scenario({ model: { maxSessions: 40 } });
    const lanes = new SessionLanes(10);
    scenario.analysis.model.addListener(lanes);
    for (let i = 0; i < sessions; i++) scenario.session(`10.0.${i >> 8}.${i & 255}:40000`, `0x${i + 1}`).ping();
    return { lanes, scenario };
  };

  it('keeps no lane of sessions that were forgotten while they had a connection', () => {
    const { lanes } = of(500);
    expect(lanes.size).toBeLessThanOrEqual(52);
  });

  it('keeps those that are there at the end, however many', () => {
    const { lanes, scenario } = of(40);
    scenario.end();
    expect(lanes.size).toBe(40);
  });
});

describe('SessionLane', () => {
  const event = (time: number, path = '/a') => ({ time, frame: time, type: 'NodeDataChanged', path, count: 1 });
  const filled = (lanes: number, path?: string): SessionLane[] => {
    const weight: LaneWeight = { things: 0 };
    return Array.from({ length: lanes }, () => {
      const lane = new SessionLane(weight);
      for (let i = 0; i < 200; i++) lane.addEvent(event(i, path));
      return lane;
    });
  };
  const told = ({ events }: SessionLane): number => events.reduce((sum, { count }) => sum + count, 0);

  it('keeps an eighth where all together have too much, and no count is lost', () => {
    const lanes = filled(2000);
    expect(lanes[0]!.events.length).toBeGreaterThan(64);
    expect(lanes.at(-1)!.events.length).toBeLessThanOrEqual(16);
    expect(lanes.map(told)).toEqual(lanes.map(() => 200));
  });

  it('counts long paths as much as they are', () => {
    const lanes = filled(20, `/${'a'.repeat(15_000)}`);
    expect(lanes.at(-1)!.events.length).toBeLessThanOrEqual(16);
  });
});
