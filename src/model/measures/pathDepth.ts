import { partOf } from '../knowledge/room.js';

const MAX_CUT_PATHS = 10_000;
const MAX_CUT_BYTES = 2 * 1024 * 1024;

/** The first `depth` parts of a path. */
export function cutPath(path: string, depth: number): string {
  if (depth === 0) return '/';
  let end = 0;
  for (let parts = 0; parts < depth; parts++) {
    end = path.indexOf('/', end + 1);
    if (end < 0) return path;
  }
  return path.slice(0, end);
}

/** Parts of paths that are told apart: 2 makes `/a/b` of `/a/b/c`. Null keeps all. */
export class PathDepth {
  private readonly known = new Map<string, string>();
  private bytes = 0;

  constructor(private readonly depth: number | null) {}

  cut(path: string): string {
    const { depth, known } = this;
    if (depth === null) return path;
    let short = known.get(path);
    if (short === undefined) {
      short = partOf(path, cutPath(path, depth));
      this.bytes += path.length;
      if (known.size >= MAX_CUT_PATHS || this.bytes > MAX_CUT_BYTES) {
        known.clear();
        this.bytes = path.length;
      }
      known.set(path, short);
    }
    return short;
  }
}
