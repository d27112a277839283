import type { LevelData } from '../../data.js';

/** Buckets of a level that overlap a stretch of time, in seconds since its first bucket began. */
export function stretchOf(level: LevelData, from: number, to: number): LevelData {
  const first = Math.max(0, Math.floor(from / level.width));
  const end = Math.max(first + 1, Math.ceil(to / level.width));
  const cut = <T>(values: readonly T[]): readonly T[] => values.slice(first, end);
  return {
    width: level.width,
    operations: cut(level.operations),
    pings: cut(level.pings),
    errors: cut(level.errors),
    notifications: cut(level.notifications),
    p50: cut(level.p50),
    p99: cut(level.p99),
    waiting: cut(level.waiting),
    longestWait: cut(level.longestWait),
    byServer: level.byServer.map(({ server, requests }) => ({ server, requests: cut(requests) })),
    sessions: cut(level.sessions),
  };
}
