import process from 'node:process';
import v8 from 'node:v8';

/** How much the heap may grow before V8 looks for what is no longer used; left alone, a heap doubles and more. */
const GROWTH_PERCENT = 35;
/**
 * Bytes of the young generation from which on it grows no more: two halves of 4 MB. V8 would let it have 32 MB, all of
 * which is touched again and again; what lives for one packet needs no more than this, and takes as long.
 */
const YOUNG = 8 * 1024 * 1024;

/** What is left to do: nothing where the engine is not V8 (Bun's is not): looking costs most of the time there. */
let left: 'all' | 'young' | 'nothing' = process.versions['bun'] === undefined ? 'all' : 'nothing';

/** To be called now and then: tells V8 that memory counts as much as time, once there is something to keep. */
export function watchHeap(): void {
  if (left === 'nothing') return;
  if (left === 'all') v8.setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  left = 'young';
  const young = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  if (young !== undefined && young.space_size < YOUNG) return;
  left = 'nothing';
  v8.setFlagsFromString('--semi-space-growth-factor=1');
}
