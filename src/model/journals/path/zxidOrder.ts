/** Index of the first of these zxids, which ascend, that lies behind `zxid`; their number if none does. */
export function firstAfter(zxids: readonly number[], zxid: number): number {
  let low = 0;
  let high = zxids.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (zxids[mid]! <= zxid) low = mid + 1;
    else high = mid;
  }
  return low;
}
