import { describe, expect, it } from 'vitest';
import { DoubtQueue, type Doubtful } from './doubtQueue.js';

class Entry implements Doubtful {
  doubted = false;
  before: this | null = null;
  after: this | null = null;
  constructor(readonly name: string) {}
}

function names(queue: DoubtQueue<Entry>): string {
  let text = '';
  for (let entry = queue.first; entry !== null; entry = entry.after) text += entry.name;
  return text;
}

describe('DoubtQueue', () => {
  it('keeps the order in which entries came, whichever goes', () => {
    const queue = new DoubtQueue<Entry>();
    const entries = ['a', 'b', 'c', 'd', 'e'].map((name) => new Entry(name));
    for (const entry of entries) queue.add(entry);
    queue.add(entries[0]!);
    expect(names(queue)).toBe('abcde');
    queue.remove(entries[2]!);
    queue.remove(entries[2]!);
    queue.remove(entries[0]!);
    queue.remove(entries[4]!);
    expect(names(queue)).toBe('bd');
    queue.add(entries[0]!);
    expect(names(queue)).toBe('bda');
    for (const entry of entries) queue.remove(entry);
    expect(queue.first).toBeNull();
    queue.add(entries[3]!);
    expect(names(queue)).toBe('d');
  });
});
