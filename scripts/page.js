/** The page that opens captures without anything installed: `dist/zkscope.html`, one file, out of src/page. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { texts, notices, root } from './oneFile.js';

const at = (path) => join(root, 'src/page', path);
const require = createRequire(import.meta.url);
const library = dirname(require.resolve('uplot'));

/** What answers in place of Node.js's modules. */
const SYSTEM = {
  fs: 'fs',
  'fs/promises': 'fs',
  crypto: 'crypto',
  zlib: 'zlib',
  process: 'process',
  ...Object.fromEntries(
    ['path', 'util', 'events', 'net', 'stream', 'v8', 'module', 'child_process', 'url', 'os'].map((name) => [
      name,
      'small',
    ]),
  ),
};
/** Modules of our own whose twins the page has. */
const TWINS = [
  [/[\\/]cli[\\/]terminal[\\/]progress\.ts$/, 'system/progress.ts'],
  [/[\\/]cli[\\/]terminal[\\/](?:writeWhole|wholeFile)\.ts$/, 'system/noFiles.ts'],
];
/** Texts that the worker needs. JSON Schemas are for programs: a page has no use for them. */
const ASSETS = ['package.json', 'dist/page/main.js', 'uplot/uPlot.iife.min.js', 'uplot/uPlot.min.css'];

/** Commands that the page has; all others are for a terminal, or write what a page cannot. */
const PRESENT = [
  ...[
    'analyze',
    'annotate',
    'decode',
    'diff',
    'follow',
    'help',
    'hex',
    'leases',
    'path',
    'report',
    'rules',
    'sessions',
  ],
  ...['slice', 'stats', 'tree'],
];

/** In place of a module of such a command: the command is known, and says so. Null for modules that make no command. */
function absent(text, name) {
  const maker = /^export function (\w+Command)\(/m.exec(text)?.[1];
  if (maker === undefined) return null;
  return `import { Command } from 'commander';
import { UsageError } from '../usage.js';
export function ${maker}() {
  return new Command('${name}').allowUnknownOption().allowExcessArguments().action(() => {
    throw new UsageError('the page has no ${name}: install zkscope for it');
  });
}`;
}

function system(script) {
  return {
    name: 'system',
    async resolveId(id, importer) {
      if (id === '#supports-color') return at('system/colour.ts');
      const name = id.replace(/^node:/, '');
      if (Object.hasOwn(SYSTEM, name) && (id.startsWith('node:') || !id.startsWith('.')))
        return at(`system/${SYSTEM[name]}.ts`);
      if (!id.startsWith('.') || importer === undefined || !id.endsWith('.js')) return null;
      const file = join(dirname(importer), id.replace(/\.js$/, '.ts'));
      if (!existsSync(file)) return null;
      for (const [pattern, twin] of TWINS) if (pattern.test(file)) return at(twin);
      return file;
    },
    load(id) {
      const command = /[\\/]cli[\\/]commands[\\/](\w+)\.ts$/.exec(id)?.[1];
      if (command !== undefined && !PRESENT.includes(command)) return absent(readFileSync(id, 'utf8'), command);
      if (!/[\\/]report[\\/]assets\.ts$/.test(id)) return null;
      const all = texts(script);
      const wanted = Object.fromEntries(ASSETS.map((name) => [name, all[name]]));
      return `const texts = ${JSON.stringify(wanted)};
export function asset(name) {
  if (!Object.hasOwn(texts, name)) throw new Error('the page does not hold ' + name);
  return texts[name];
}`;
    },
  };
}

/** What the program imports of Node.js and the page has no answer for is undefined there: it is of no use in a page. */
function quiet(level, log, next) {
  if (log.code !== 'SHIMMED_EXPORT') next(level, log);
}

async function bundled(input, plugins, transform = {}) {
  const bundle = await rolldown({
    input,
    platform: 'browser',
    plugins,
    transform,
    shimMissingExports: true,
    onLog: quiet,
  });
  const { output } = await bundle.generate({ format: 'iife', codeSplitting: false, minify: true });
  await bundle.close();
  return { code: output[0].code, modules: output[0].moduleIds };
}

/** Code as it may stand in its element. */
function closed(text) {
  return text.replace(/\r\n?/g, '\n').replace(/<(?=\/script|!--)/gi, '\\x3c');
}

/**
 * @param script of the report's own page, which the page exports
 * @returns the page as HTML
 */
export async function page(script) {
  const worker = await bundled(at('worker.ts'), [system(script)], {
    inject: { Buffer: ['buffer/', 'Buffer'], process: [at('system/process.ts'), 'default'] },
  });
  const ui = await bundled(at('ui/main.ts'), []);
  const css = [
    readFileSync(join(library, 'uPlot.min.css'), 'utf8'),
    await exportOf('../report/postmortem/html/style.ts', 'style'),
    await exportOf('ui/style.ts', 'appStyle'),
  ].join('\n');
  if (css.includes('<')) throw new Error('the style of the page would end its own element');
  const code = closed(`${readFileSync(join(library, 'uPlot.iife.min.js'), 'utf8')}\n${ui.code}`);
  const own = readFileSync(join(root, 'LICENSE'), 'utf8').trim();
  const pageHead = await exportOf('../report/postmortem/html/head.ts', 'pageHead');
  return `${pageHead({ title: 'zkscope: open a capture', code, css, workers: true })}<body>
<noscript>This page reads captures by the script in it: allow scripts for this file.</noscript>
<script type="text/plain" id="worker">${closed(worker.code)}</script>
<script type="text/plain" id="licences">${closed(`zkscope (MIT)\n\n${own}\n\n${notices([...worker.modules, ...ui.modules])}`)}</script>
<script>${code}</script>
</body>
</html>
`;
}

/** What a module of src/ exports. */
async function exportOf(path, name) {
  const bundle = await rolldown({ input: at(path), platform: 'node' });
  const { output } = await bundle.generate({ format: 'esm' });
  await bundle.close();
  return (await import(`data:text/javascript,${encodeURIComponent(output[0].code)}`))[name];
}
