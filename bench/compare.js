/** Two commits in turn on the same captures: how much more, or less, the later one takes. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { measure } from './measure.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BUILDS = join(ROOT, 'bench', 'out', 'builds');
const COMMANDS = [
  ['analyze', '--json'],
  ['decode', '--json'],
];

/**
 * The folder of a commit's build, made once. It takes the packages of this checkout, so that only the code differs.
 * Throws where the commit does not exist or does not build.
 */
function buildOf(reference) {
  const git = (...args) => execFileSync('git', ['-C', ROOT, ...args], { encoding: 'utf8' }).trim();
  const commit = git('rev-parse', '--verify', `${reference}^{commit}`);
  const folder = join(BUILDS, commit.slice(0, 12));
  if (existsSync(join(folder, 'dist', 'program', 'main.js'))) return folder;
  mkdirSync(BUILDS, { recursive: true });
  git('worktree', 'prune');
  if (!existsSync(folder)) git('worktree', 'add', '--detach', folder, commit);
  if (!existsSync(join(folder, 'node_modules'))) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  execFileSync('npm', ['run', 'build'], { cwd: folder, stdio: 'pipe' });
  return folder;
}

/**
 * Measures `analyze --json` and `decode --json` of a commit and of this checkout in turn, and prints medians and ratios.
 * @param reference a commit, tag or branch
 * @param captures pairs of a shape's name and its file
 */
export async function compare(reference, captures, rounds) {
  const sides = [
    { name: reference, folder: buildOf(reference) },
    { name: 'this checkout', folder: ROOT },
  ];
  const table = new Table({
    head: ['shape', 'command', 'CPU s', 'CPU s', 'CPU ratio', 'wall ratio', 'MB', 'MB'],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const [shape, file] of captures) {
    for (const command of COMMANDS) {
      const runs = sides.map(() => []);
      for (let round = 0; round < rounds; round++) {
        for (const [i, { folder }] of sides.entries()) {
          const program = join(folder, 'bin', 'zkscope.js');
          runs[i].push(await measure(process.execPath, [program, ...command, file]));
        }
      }
      const [before, after] = runs.map((own) => ({
        processor: middle(own.map((run) => run.processor ?? run.seconds)),
        seconds: middle(own.map((run) => run.seconds)),
        peak: Math.max(...own.map((run) => run.peak ?? 0)) / 1e6,
      }));
      table.push([
        shape,
        command.join(' '),
        before.processor.toFixed(2),
        after.processor.toFixed(2),
        (after.processor / before.processor).toFixed(2),
        (after.seconds / before.seconds).toFixed(2),
        before.peak.toFixed(0),
        after.peak.toFixed(0),
      ]);
    }
  }
  console.log(`${sides[0].name} (first of two columns) and this checkout (second), ${rounds} rounds in turn, medians`);
  console.log(table.toString());
}

function middle(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}
