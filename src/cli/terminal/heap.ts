import process from 'node:process';
import v8 from 'node:v8';

/** Bytes of heap that are as good as free: V8 need not look for what is no longer used before it has as many. */
const HEAP = 64 * 1024 * 1024;
/** Share of what is in use that V8 finds alive when it looks, or so. */
const ALIVE = 0.6;
const LEAST_GROWTH = 60;
const MOST_GROWTH = 300;
/**
 * Bytes of the young generation from which on it grows no more: two halves of 4 MB. V8 would let it have 32 MB, all of
 * which is touched again and again; what lives for one packet needs no more than this, and takes as long.
 */
const YOUNG = 8 * 1024 * 1024;

/**
 * Where the engine is not V8 (Bun's is not), looking costs most of the time, and there is nothing to tell it; nor is there
 * in a browser, which has no versions.
 */
const deaf = process.versions['bun'] !== undefined || Object.keys(process.versions).length === 0;
let youngIsBounded = false;
let growth = 0;

/**
 * To be called now and then. V8 lets a heap double and more before it looks for what is no longer used, and every look
 * costs time: it is told to look when the heap has reached a size that it may have, and from then on whenever much is new.
 */
export function watchHeap(): void {
  if (deaf) return;
  if (!youngIsBounded) boundYoung();
  // The growth that counts is that of the moment when V8 looks: then nearly all is in use that may be.
  const alive = v8.getHeapStatistics().used_heap_size * ALIVE;
  const wanted = Math.min(MOST_GROWTH, Math.max(LEAST_GROWTH, Math.round((HEAP / alive - 1) * 10) * 10));
  if (wanted === growth) return;
  growth = wanted;
  v8.setFlagsFromString(`--heap-growing-percent=${growth}`);
}

function boundYoung(): void {
  const young = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  if (young !== undefined && young.space_size < YOUNG) return;
  youngIsBounded = true;
  v8.setFlagsFromString('--semi-space-growth-factor=1');
}
