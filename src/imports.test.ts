import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { expect, it } from 'vitest';

const IMPORT = /^(?:import|export) (type )?([^;']*?)\s*from '(\.[^']+)\.js';/gm;
const source = new URL('.', import.meta.url);
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('testing'),
);

/** Modules by those that they import: for their types too, or only for what is there when the program runs. */
function imports(types: boolean): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const file of files) {
    const found: string[] = [];
    for (const [, type, names, path] of readFileSync(new URL(file, source), 'utf8').matchAll(IMPORT)) {
      const named = /^\{([\s\S]*)\}$/.exec(names!)?.[1]?.split(',');
      const onlyTypes = type !== undefined || named?.every((name) => /^\s*(?:type |$)/.test(name)) === true;
      if (types || !onlyTypes) found.push(normalize(`${join(dirname(file), path!)}.ts`));
    }
    graph.set(file, found);
  }
  return graph;
}

/** Groups of modules each of which leads to all others of its group (Tarjan's strongly connected components). */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const place = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    place.set(file, place.size);
    lowest.set(file, place.get(file)!);
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!place.has(next)) visit(next);
      if (path.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== place.get(file)) return;
    const group = path.splice(path.indexOf(file));
    if (group.length > 1) found.push(group.sort());
  };
  for (const file of graph.keys()) if (!place.has(file)) visit(file);
  return found;
}

it('are found', () => {
  const all = imports(true);
  expect(all.get(join('protocols', 'registry.ts'))).toContain(join('protocols', 'etcd', 'index.ts'));
  expect(circles(new Map([['a', ['b']], ['b', ['c']], ['c', ['b']]]))).toEqual([['b', 'c']]); // prettier-ignore
});

it('never lead back to a module that runs', () => {
  expect(circles(imports(false))).toEqual([]);
});

it('lead back for types only within one room', () => {
  const rooms = (group: string[]): string[] => [...new Set(group.map((file) => file.split(sep)[0]!))];
  expect(circles(imports(true)).filter((group) => rooms(group).length > 1)).toEqual([]);
});
