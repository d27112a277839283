/** Below it there is little room beside a plot. */
const NARROW = 720;

/** Pixels between a plot and the right edge. */
export const RIGHT = 10;

/** Pixels to the left of every plot and lane, so that times stand above each other. */
export function gutter(width: number): number {
  return width < NARROW ? 58 : 200;
}
