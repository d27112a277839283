import { describe, expect, it } from 'vitest';
import { Scenario } from '../../testing/scenario.js';
import { Host } from './host.js';
import { Room } from './room.js';
import { Session } from './session.js';

const LIMIT = 100_000;
const moment = { frame: 1, time: 1 };
const name = (i: number, length: number): string => `/${'x'.repeat(length)}${i}`;

describe('what sessions keep', () => {
  const keepers: Record<string, (session: Session, path: string, i: number) => void> = {
    ephemerals: (session, path) => {
      session.addEphemeral({ path, sequential: false, created: null });
    },
    'creates of ephemerals': (session, path) => {
      session.addCreated(path);
    },
    'refused creates': (session, path) => {
      const refused = { path, ...moment, zxid: 1, owner: null, creation: null, attempts: 1, firstTime: 1 };
      session.addRefused(refused);
    },
    'first requests': (session, path) => {
      session.work++;
      session.begin('exists', path);
    },
    silences: (session, _, i) => {
      session.addSilence({ from: { frame: i, time: i }, to: { frame: i + 1, time: i + 1 } });
    },
    connections: (session, _, i) => {
      const [client, server] = [`10.0.0.1:${i}`, '10.0.0.9:2181'];
      session.attach({ connection: null, client, ip: '10.0.0.1', server, frame: i, time: i, resumed: true });
    },
  };

  it.each(Object.keys(keepers))('is bounded in bytes, whatever the length and the number: %s', (what) => {
    for (const length of [10, 100, 1000]) {
      const [room, beginnings] = [new Room(LIMIT), new Room(LIMIT)];
      const sessions = Array.from(
        { length: 50 },
        (_, i) => new Session(`0x${i}`, new Host('10.0.0.1'), moment, i, room, beginnings),
      );
      for (let i = 0; i < 200; i++) for (const session of sessions) keepers[what]!(session, name(i, length), i);
      for (const one of [room, beginnings]) expect(one.used).toBeLessThanOrEqual(LIMIT);
      // Paths that are so long are not compared by at all.
      if (length === 1000 && what !== 'first requests') expect(room.refused).toBeGreaterThan(0);
      for (const session of sessions) session.shrink();
      expect([room.used, beginnings.used]).toEqual([0, 0]);
    }
  });

  it('keeps the first connection and the latest where there is no room for more', () => {
    const session = new Session('0x1', new Host('10.0.0.1'), moment, 0, new Room(200));
    for (let i = 0; i < 10; i++) keepers['connections']!(session, '', i);
    expect(session.connectionCount).toBe(10);
    expect(session.attachments.map(({ frame }) => frame)).toEqual([0, 8, 9]);
    expect(session.client).toBe('10.0.0.1:9');
  });

  it('is released when nobody will compare it any more, unless somebody wants it', () => {
    for (const wanted of [false, true]) {
      const session = new Session('0x1', new Host('10.0.0.1'), moment, 0);
      session.addCreated('/a');
      session.wanted = wanted;
      session.shrink();
      session.release();
      expect([...session.createdEphemerals]).toEqual(wanted ? ['/a'] : []);
      expect(session.bytes > 0).toBe(wanted);
    }
  });

  it('makes the oldest sessions go, and says so, where others begin', () => {
    const s = new Scenario({ registry: [] });
    const { model } = s.analysis;
    Object.assign(model.sessions.room, { limit: 200_000 });
    const count = 20;
    for (let i = 0; i < count; i++) {
      const session = s.session(`10.1.0.${i}:1000`, `0x1${String(i).padStart(3, '0')}`);
      for (let k = 0; k < 30; k++) session.create(`${name(k, 990)}-${i}`, 1);
    }
    expect(model.sessions.room.used).toBeLessThanOrEqual(model.sessions.room.limit);
    const { sessions } = model.forgotten();
    expect(sessions).toBeGreaterThan(0);
    expect(model.sessions.find('0x1000')).toBeUndefined();
    expect(model.sessions.find(`0x10${count - 1}`)?.ephemerals.size).toBe(30);
    s.end();
    expect([...model.sessions.all()].length + model.forgotten().sessionsNotListed).toBe(count);
  });
});

describe('sessions that have ended', () => {
  const LONGEST = 1000;
  const many = (count: number, names: number, sameHost: boolean): Scenario => {
    const s = new Scenario({ registry: [] });
    for (let i = 0; i < count; i++) {
      const ip = sameHost ? '10.1.0.1' : `10.${1 + (i >>> 16)}.${(i >>> 8) & 255}.${i & 255}`;
      const session = s.session(`${ip}:${1000 + (i % 60_000)}`, `0x${(i + 1).toString(16)}`);
      // Long enough for what it did first to outlive it.
      s.wait(names === 0 ? 0 : 6);
      for (let k = 0; k < names; k++) session.create(`${name(k, LONGEST)}-${i}`, 1);
      session.close();
    }
    return s;
  };
  const followed = (s: Scenario): number =>
    [...s.analysis.model.hosts.values()].reduce((sum, { sessions }) => sum + sessions.length, 0);

  it('are kept by their hosts for those that follow, up to a number', () => {
    expect(followed(many(2100, 0, false))).toBe(2048);
  });

  it('and up to a number of bytes', () => {
    const kept = followed(many(200, 30, false));
    expect(kept).toBeGreaterThan(50);
    expect(kept * 30 * LONGEST).toBeLessThanOrEqual(4.5 * 1024 * 1024);
  });

  it('are summed up, up to a number of bytes, and those that are not are counted', () => {
    const s = many(350, 30, true);
    const { sessions } = s.analysis.model;
    const bytes = sessions.ended.reduce((sum, session) => sum + session.bytes, 0);
    expect(bytes).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(sessions.ended.length + s.analysis.model.forgotten().sessionsNotListed).toBe(350);
  });
});

describe('sessions that only a Stat names', () => {
  it('are remembered with what they own up to a number and a number of bytes, and the rest is counted', () => {
    for (const [ids, paths, length] of [
      [6000, 1, 10],
      [10, 1000, 1000],
    ] as const) {
      const { model } = new Scenario({ registry: [] }).analysis;
      for (let i = 0; i < ids; i++)
        for (let k = 0; k < paths; k++) model.sessions.owns(`0x${i}`, `${name(k, length)}-${i}`);
      const kept = ids * paths - model.forgotten().details;
      expect(kept).toBeGreaterThan(2000);
      expect(kept).toBeLessThanOrEqual(ids > 4096 ? 4096 : (4.5 * 1024 * 1024) / length);
      // What is known already is no more.
      model.sessions.owns('0x0', `${name(0, length)}-0`);
      expect(ids * paths - model.forgotten().details).toBe(kept);
    }
  });
});
