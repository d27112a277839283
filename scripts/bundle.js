/**
 * Puts modules together, after tsc: `dist/program`, which is what `zkscope` runs (what all commands share is one chunk, and
 * the rest of each command its own; hundreds of files take longer to load than most captures to read) and what programs
 * import (index.js), and `dist/page/main.js`, the script of the HTML report; and `dist/zkscope.html`, the page that opens captures. The npm package
 * holds the first two, and of the modules only their types.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { lateCrypto } from './lateCrypto.js';
import { page } from './page.js';
import { pageScript } from './pageScript.js';

const at = (path) => fileURLToPath(new URL(`../dist/${path}`, import.meta.url));

// Packages stay where npm puts them.
const program = await rolldown({
  input: { main: at('cli/main.js'), index: at('index.js') },
  platform: 'node',
  external: (id) => /^[^./\0]/.test(id) && id !== 'node:crypto',
  plugins: [lateCrypto],
  // Some of what commands load when they want it is shared: as modules, which tests run, it is still apart.
  checks: { ineffectiveDynamicImport: false },
});
/** What nearly every command needs, without what only some do that have to load much of Node.js for it. */
const shared =
  /dist[\\/](capture[\\/](?!decompress)|network|protocols|observations|model|rules|report[\\/](text|analyze|formats)|cli[\\/](?!commands|completion|help|terminal[\\/](metricsServer|screen))|cli[\\/]commands[\\/]analyze)/;
// Comments and white space are a third of what would have to be read at each start; names stay, for who profiles it.
await program.write({
  dir: at('program'),
  format: 'esm',
  minify: { mangle: false, compress: false, codegen: true },
  codeSplitting: { groups: [{ name: 'shared', test: shared }] },
});
await program.close();

const script = await pageScript();
mkdirSync(at('page'), { recursive: true });
writeFileSync(at('page/main.js'), script);
writeFileSync(at('zkscope.html'), await page(script));
