import { describe, expect, it } from 'vitest';
import { Scenario } from '../../testing/scenario.js';
import { Host } from './host.js';
import { Session } from './session.js';

function sessionOf(host: Host, number: number): Session {
  const session = new Session(`0x${number.toString(16)}`, host, { frame: number, time: number }, number);
  host.add(session);
  return session;
}

describe('sessions that have ended', () => {
  it('do not hold those that followed them', () => {
    const host = new Host('10.0.0.2');
    const [first, second, third] = [1, 2, 3].map((number) => sessionOf(host, number)) as [Session, Session, Session];
    first.follow(second);
    expect(first.successor).toBe(second);
    first.shrink();
    expect(first.successor).toBeNull();
    expect(first.followedBy).toEqual({ id: '0x2', start: second.start });
    expect(second.predecessor).toBe('0x1');
    // One that was judged before it was followed, too.
    second.shrink();
    second.follow(third);
    expect(second.successor).toBeNull();
    expect(second.followedBy?.id).toBe('0x3');
  });

  it('are kept by their host until there are too many elsewhere, and it says since when it does not know', () => {
    const host = new Host('10.0.0.2');
    const sessions = [1, 2, 3].map((number) => sessionOf(host, number));
    for (const session of sessions) {
      session.shrink();
      expect(host.sessionEnded()).toBeNull();
    }
    host.forgetSession(sessions[1]!);
    expect(host.sessions).toEqual([sessions[0], sessions[2]]);
    expect(host.forgottenSessions).toBe(1);
    expect(host.forgottenUntil).toBe(2);
    host.forgetSession(sessions[1]!);
    expect(host.forgottenSessions).toBe(1);
  });
});

describe('sessions that are too many', () => {
  it('go the oldest first, not the one that has just begun', () => {
    const scenario = new Scenario({ registry: [], model: { maxSessions: 4 } });
    const { model } = scenario.analysis;
    const forgotten: (string | null)[] = [];
    model.addListener({ sessionEnded: ({ id }) => forgotten.push(id) });
    for (let i = 1; i <= 6; i++) scenario.session(`10.0.0.${i}:40000`, `0x${i}`).ping();
    expect(forgotten).toEqual(['0x1', '0x2']);
    expect([...model.sessions.alive()].map(({ id }) => id)).toEqual(['0x3', '0x4', '0x5', '0x6']);
  });
});
