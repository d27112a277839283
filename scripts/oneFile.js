import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
const library = dirname(createRequire(import.meta.url).resolve('uplot'));

/**
 * The texts that the program reads beside itself (src/report/assets.ts), by their names.
 * @param script of the report's page
 */
export function texts(script) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const found = { 'package.json': JSON.stringify({ version }) };
  for (const name of readdirSync(join(root, 'docs/schemas')))
    found[`docs/schemas/${name}`] = readFileSync(join(root, 'docs/schemas', name), 'utf8');
  found['dist/page/main.js'] = script;
  for (const name of ['uPlot.iife.min.js', 'uPlot.min.css'])
    found[`uplot/${name}`] = readFileSync(join(library, name), 'utf8');
  return found;
}

/** Exchanges the module that reads those texts from the disk for one that holds them. For rolldown. */
export function withAssets() {
  return {
    name: 'assets',
    load(id) {
      if (!/[\\/]dist[\\/]report[\\/]assets\.js$/.test(id)) return null;
      return `const texts = ${JSON.stringify(texts(readFileSync(join(root, 'dist/page/main.js'), 'utf8')))};
export function asset(name) {
  if (!Object.hasOwn(texts, name)) throw new Error('there is no ' + name);
  return texts[name];
}`;
    },
  };
}

/** Licences of the npm packages that the modules of a bundle came from, as text. */
export function notices(modules) {
  const folders = new Set();
  for (const id of modules) {
    const found = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(id.replaceAll('\0', ''));
    if (found !== null) folders.add(found[1]);
  }
  folders.add(dirname(library));
  return [...folders]
    .sort()
    .map(notice)
    .join(`\n${'-'.repeat(80)}\n\n`);
}

function notice(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined && !existsSync(join(folder, 'package.json'))) throw new Error(`${folder} has no licence`);
  const text = file === undefined ? '' : `\n${readFileSync(join(folder, file), 'utf8').trim()}\n`;
  return `${name} ${version} (${license})\n${text}`;
}
