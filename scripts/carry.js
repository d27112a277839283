/**
 * The program to carry, after a build:
 *
 *   node scripts/carry.js bundle                 dist/carry/zkscope.mjs: one file, for hosts that have Node.js and no npm
 *   node scripts/carry.js binary bun [TARGET…]   dist/carry/zkscope-TARGET: an executable with Bun's runtime in it; targets
 *                                                are linux-x64, linux-arm64, darwin-x64, darwin-arm64; this machine's
 *                                                without any
 *   node scripts/carry.js binary node            the same with this Node.js in it, for this machine
 *
 * Beside them LICENSES.txt: the licences of all that is in them.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { rolldown } from 'rolldown';
import { bunBinary, nodeBinary } from './executables.js';
import { notices, root, withAssets } from './oneFile.js';

const ENTRY = 'zkscope';
const NATIVE = ['@duckdb/node-api'];
const folder = join(root, 'dist/carry');
const LINE = '-'.repeat(80);

/** What runs the program. CommonJS has no `await` at its top. */
const STARTS = {
  esm: 'process.exitCode = await main(process.argv.slice(2));',
  cjs: 'void main(process.argv.slice(2)).then((status) => { process.exitCode = status; });',
};

/** Puts the program into one file, and the licences of its packages beside it. */
async function bundle(format, name) {
  const bundle = await rolldown({
    input: ENTRY,
    platform: 'node',
    // Native, and optional: `zkscope query` says what to do where it is not there.
    external: NATIVE,
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? `\0${ENTRY}` : null),
        load: (id) =>
          id === `\0${ENTRY}`
            ? `import { main } from ${JSON.stringify(join(root, 'dist/cli/main.js'))};\n${STARTS[format]}`
            : null,
      },
      withAssets(),
    ],
  });
  const { output } = await bundle.generate({ format, codeSplitting: false, minify: true });
  await bundle.close();
  const [{ code, moduleIds }] = output;
  const file = join(folder, name);
  const head = '#!/usr/bin/env node\n// zkscope, MIT; for the licences of what is in it see LICENSES.txt\n';
  writeFileSync(file, `${head}${code}`);
  chmodSync(file, 0o755);
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').trim();
  return { file, licences: `zkscope (MIT)\n\n${own}\n\n${LINE}\n\n${notices(moduleIds)}` };
}

function said(file, licences) {
  writeFileSync(join(folder, 'LICENSES.txt'), licences);
  console.log(relative(process.cwd(), file));
}

async function run([what, how = 'bun', ...targets]) {
  mkdirSync(folder, { recursive: true });
  if (what === 'bundle') {
    const { file, licences } = await bundle('esm', 'zkscope.mjs');
    said(file, licences);
  } else if (what === 'binary' && how === 'bun') {
    const { file, licences } = await bundle('esm', 'zkscope.mjs');
    for (const made of bunBinary(file, folder, targets, NATIVE))
      said(made.file, `${licences}\n${LINE}\n\n${made.licence}`);
  } else if (what === 'binary' && how === 'node' && targets.length === 0) {
    const { file, licences } = await bundle('cjs', 'zkscope.cjs');
    const made = nodeBinary(file, folder);
    said(made.file, `${licences}\n${LINE}\n\n${made.licence}`);
  } else {
    console.error('bundle | binary bun [TARGET…] | binary node');
    process.exitCode = 2;
  }
}

await run(process.argv.slice(2));
