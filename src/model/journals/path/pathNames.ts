import type { ZooKeeperMessage } from '../../../protocols/zookeeper/message.js';
import type { ModelListener } from '../../listener.js';
import { nameBytes, Room } from '../../knowledge/room.js';
import { parentOf } from '../../knowledge/znode.js';

/**
 * Paths that `zkscope path` suggests.
 * @bound paths
 */
const KEPT = 20_000;
/**
 * Of them together.
 * @bound bytes
 */
const BYTES = 2 * 1024 * 1024;

/** The paths that requests name, to say what is near one that none names. Bounded. */
export class PathNames implements ModelListener {
  private readonly paths = new Set<string>();
  private readonly room = new Room(BYTES);

  request({ path }: ZooKeeperMessage): void {
    if (path === null || this.paths.size >= KEPT || this.paths.has(path)) return;
    if (this.room.take(nameBytes(path))) this.paths.add(path);
  }

  /** Paths that somebody who asked for `wanted` may have meant, the likeliest first; at most `limit`. */
  near(wanted: string, limit = 5): string[] {
    const scored: { path: string; score: number }[] = [];
    for (const path of this.paths) {
      const score = distance(wanted, path);
      if (score < Infinity) scored.push({ path, score });
    }
    return scored
      .sort((a, b) => a.score - b.score || a.path.length - b.path.length || (a.path < b.path ? -1 : 1))
      .slice(0, limit)
      .map(({ path }) => path);
  }
}

function distance(wanted: string, path: string): number {
  const a = wanted.toLowerCase();
  const b = path.toLowerCase();
  if (a === b) return 0;
  const edits = Math.abs(a.length - b.length) <= 2 && a.length < 256 ? editDistance(a, b) : Infinity;
  if (edits <= 2) return edits;
  if (last(a) === last(b)) return 3;
  if (b.startsWith(a === '/' ? a : `${a}/`)) return 4 + depth(b) - depth(a);
  if (a.startsWith(b === '/' ? b : `${b}/`)) return 6 + depth(a) - depth(b);
  if (last(b).includes(last(a)) || last(a).includes(last(b))) return 10;
  return parentOf(a) === parentOf(b) ? 12 : Infinity;
}

const last = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const depth = (path: string): number => path.split('/').length;

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
