/** What is to happen, in order of time; of two things at the same time, the one that was planned first. */
export class Schedule {
  now;
  #heap = [];
  #planned = 0;

  /** Times are microseconds since 1970. */
  constructor(start) {
    this.now = start;
  }

  after(delay, action) {
    this.#add({ time: Math.max(this.now, this.now + Math.round(delay)), order: this.#planned++, action });
  }

  /** Does everything, until nothing is planned or an action throws. */
  run() {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.now = next.time;
      next.action();
    }
  }

  #add(item) {
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(item, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = item;
  }

  #take() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child])) child++;
      if (!before(heap[child], last)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a, b) {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
