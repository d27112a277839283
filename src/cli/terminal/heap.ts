import process from 'node:process';
import v8 from 'node:v8';

/** Bytes of heap from which on memory counts for more than time. */
const LARGE = 64 * 1024 * 1024;
const GROWTH_PERCENT = 60;

/** Where the engine is not V8 (Bun's is not), looking costs most of the time, and there is nothing to tell it. */
let thrifty = process.versions['bun'] !== undefined;

/**
 * To be called now and then. V8 lets a large heap double and more before it looks for what is no longer used; where a
 * capture makes the heap large, it is told to look sooner. Other captures do not pay for that.
 */
export function watchHeap(): void {
  if (thrifty || v8.getHeapStatistics().total_heap_size < LARGE) return;
  thrifty = true;
  v8.setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
