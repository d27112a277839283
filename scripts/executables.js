import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';

/** Fetched when an executable is made, and only then: they are large. */
const BUN = 'bun@1.4.5';
const POSTJECT = 'postject@1.0.0-alpha.6';
/** What Node.js asks for its single executables to be marked with. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const here = `${process.platform}-${process.arch}`;

const BUN_LICENCE = `Bun (MIT), whose runtime is in the executable: https://bun.sh/docs/project/licensing
lists the libraries linked into it with their licences. JavaScriptCore and WebKit are LGPL-2.1: their source, patched for
Bun, is at https://github.com/oven-sh/webkit, and how to link Bun again with a changed one is told there and in Bun's own
repository. zkscope's own part can be put together with it again: npm run binary, from zkscope's source.`;

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  if (error !== undefined || status !== 0)
    throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? `exit status ${status}`}`);
}

/**
 * Compiles a bundle with Bun.
 * @param external packages that stay outside
 * @returns what was made, and the licence of the runtime
 */
export function bunBinary(bundle, folder, targets, external) {
  return (targets.length > 0 ? targets : [here]).map((target) => {
    if (!/^(linux|darwin)-(x64|arm64)$/.test(target)) throw new Error(`no target ${target}`);
    const file = join(folder, `zkscope-${target}`);
    run('npx', [
      '--yes',
      BUN,
      'build',
      bundle,
      '--compile',
      `--target=bun-${target}`,
      ...external.flatMap((name) => ['--external', name]),
      '--outfile',
      file,
    ]);
    if (target.startsWith('darwin'))
      console.error(`${file} is signed by nobody, and was not run: codesign --force --sign - FILE on the Mac`);
    return { file, licence: BUN_LICENCE };
  });
}

/** Puts a bundle (CommonJS) into a copy of this Node.js. @returns what was made, and the licence of the runtime */
export function nodeBinary(bundle, folder) {
  const file = join(folder, `zkscope-node-${here}`);
  const work = join(folder, 'sea');
  mkdirSync(work, { recursive: true });
  const blob = join(work, 'zkscope.blob');
  const config = join(work, 'sea.json');
  writeFileSync(config, JSON.stringify({ main: bundle, output: blob, disableExperimentalSEAWarning: true }));
  run(process.execPath, ['--experimental-sea-config', config]);
  copyFileSync(process.execPath, file);
  chmodSync(file, 0o755);
  if (process.platform === 'darwin') run('codesign', ['--remove-signature', file]);
  else if (spawnSync('strip', ['--version']).status === 0) run('strip', [file]);
  const mac = process.platform === 'darwin' ? ['--macho-segment-name', 'NODE_SEA'] : [];
  run('npx', ['--yes', POSTJECT, file, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', FUSE, ...mac]);
  if (process.platform === 'darwin') run('codesign', ['--sign', '-', file]);
  rmSync(work, { recursive: true });
  return { file, licence: nodeLicence() };
}

function nodeLicence() {
  const place = dirname(dirname(process.execPath));
  const text = [join(place, 'LICENSE'), join(place, 'share/doc/nodejs/LICENSE')].find(existsSync);
  if (text !== undefined) return `Node.js ${process.version}\n\n${readFileSync(text, 'utf8')}`;
  return `Node.js ${process.version} (MIT), whose runtime is in the executable: its licence and those of the libraries in it are
https://github.com/nodejs/node/blob/${process.version}/LICENSE`;
}
