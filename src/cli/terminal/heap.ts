import process from 'node:process';
import v8 from 'node:v8';

/** Bytes of heap that are as good as free: V8 need not look for what is no longer used before it has as many. */
const FREE = 52 * 1024 * 1024;
/** Bytes of heap that are much: near to them V8 looks more often, rather than let it grow by as much as otherwise. */
const MUCH = 175 * 1024 * 1024;
/** Share of what is in use that V8 finds alive when it looks, or so. */
const ALIVE = 0.6;
/** What a heap grows by between two looks, in percent: of one that is small, of most, and of one that is near to much. */
const MOST_GROWTH = 300;
const GROWTH = 60;
const LEAST_GROWTH = 15;
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
/** Bytes in use when it was last looked, and after V8 last freed much. */
let latest = 0;
let alive = 0;

/**
 * To be called now and then. V8 lets a heap double and more before it looks for what is no longer used, and every look
 * costs time: it is told to look when the heap has reached a size that it may have, and from then on whenever much is new.
 */
export function watchHeap(): void {
  if (deaf) return;
  if (!youngIsBounded) boundYoung();
  const used = v8.getHeapStatistics().used_heap_size;
  // Nothing else frees as much at a time.
  if (used < latest - YOUNG) alive = used;
  latest = used;
  const wanted = growthOf(Math.max(alive, used * ALIVE));
  if (wanted === growth) return;
  growth = wanted;
  v8.setFlagsFromString(`--heap-growing-percent=${growth}`);
}

/**
 * Percent by which a heap may grow until V8 looks again. What counts is the growth that is set at the moment when V8 looks:
 * it has to be known before.
 * @param live bytes that are alive, as far as is known
 */
export function growthOf(live: number): number {
  const upTo = (bytes: number): number => Math.round((bytes / live - 1) * 10) * 10;
  return Math.min(MOST_GROWTH, Math.max(upTo(FREE), Math.max(LEAST_GROWTH, Math.min(GROWTH, upTo(MUCH)))));
}

function boundYoung(): void {
  const young = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
  if (young !== undefined && young.space_size < YOUNG) return;
  youngIsBounded = true;
  v8.setFlagsFromString('--semi-space-growth-factor=1');
}
