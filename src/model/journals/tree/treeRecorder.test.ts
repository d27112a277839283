import { describe, expect, it } from 'vitest';
import { Model } from '../../model.js';
import type { DataRead } from '../../events.js';
import { TreeRecorder } from './treeRecorder.js';

const read = (path: string, session: number): DataRead =>
  ({ path, session: { number: session }, there: true, stat: null, zxid: 1, frame: 1, time: 1 }) as never;

describe('a tree', () => {
  it('has room for names in bytes, and says what it left out', () => {
    for (const length of [10, 100, 1000, 10_000]) {
      const tree = new TreeRecorder(new Model(), 200_000, 100_000);
      for (let i = 0; i < 1000; i++) tree.dataRead(read(`/${'x'.repeat(length)}${i}`, 1));
      const bytes = [...tree.root.children.keys()].reduce((sum, name) => sum + name.length, 0);
      expect(bytes).toBeLessThan(100_000);
      expect(tree.size).toBeLessThan(450);
      expect(tree.forgotten).toBe(1000 - (tree.size - 1));
    }
  });

  it('has room for readers, and says how many reads were by others', () => {
    const tree = new TreeRecorder(new Model(), 200_000, 10_000);
    for (let session = 0; session < 1000; session++) for (let i = 0; i < 2; i++) tree.dataRead(read('/a', session));
    const node = tree.root.children.get('/a'.slice(1))!;
    expect(node.reads).toBe(2000);
    expect(node.readerCount).toBeGreaterThan(300);
    expect(tree.readersForgotten).toBe(2 * (1000 - node.readerCount));
  });
});
