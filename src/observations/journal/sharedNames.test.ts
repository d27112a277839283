import { describe, expect, it } from 'vitest';
import { SharedNames } from './sharedNames.js';

const parsed = (value: object): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe('names of lines', () => {
  it('stay as they are, up to 16,000 bytes', () => {
    const names = new SharedNames();
    for (const path of ['/a', `/${'x'.repeat(5000)}`, `/${'x'.repeat(15_999)}`, `/${'√'.repeat(5000)}`]) {
      const line = {
        op: 'multi',
        path,
        children: [path, 'b'],
        ops: [
          { op: 'create', path },
          { op: 'error', err: 1 },
        ],
      };
      const fields = parsed(line);
      names.share(fields);
      expect(fields).toEqual(line);
    }
  });

  it('that are longer are shortened, as those on the wire are: two are equal only if they were', () => {
    const names = new SharedNames();
    const short = (path: string): unknown => {
      const fields = parsed({ path, children: [path] });
      names.share(fields);
      expect(fields['children']).toEqual([fields['path']]);
      return fields['path'];
    };
    const first = `/${'x'.repeat(20_000)}`;
    expect(String(short(first)).length).toBeLessThan(2000);
    expect(short(first)).toBe(short(first));
    expect(short(first)).not.toBe(short(`${first.slice(0, -1)}y`));
    expect(String(short(`/${'√'.repeat(6000)}`)).length).toBeLessThan(2000);
  });
});
