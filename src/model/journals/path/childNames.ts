import { partOf } from '../../knowledge/room.js';

/** `/a/b/` of `/a/b`, `/` of `/`: what the paths of children begin with. */
export function childPrefix(path: string): string {
  return path === '/' ? '/' : `${path}/`;
}

/** Name of the child if `path` is a child (not a deeper descendant) under the prefix; otherwise null. */
export function childName(path: string, prefix: string): string | null {
  if (path.length <= prefix.length || !path.startsWith(prefix) || path.includes('/', prefix.length)) return null;
  return partOf(path, path.slice(prefix.length));
}

/** Same names in the same order. */
export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
