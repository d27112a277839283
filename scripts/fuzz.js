/**
 * `npm run fuzz`: puts src/testing/fuzz.ts and all that it damages captures for into bench/out/fuzz.js, from where the
 * program's texts (schemas, scripts of the report: `npm run build`) are as near as from dist, and runs it.
 */
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

const bundle = await rolldown({
  input: at('src/testing/fuzz.ts'),
  platform: 'node',
  external: /^[^./]/,
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
});
await bundle.write({ file: at('bench/out/fuzz.js'), format: 'esm', codeSplitting: false });
await bundle.close();
await import(`${new URL('../bench/out/fuzz.js', import.meta.url)}`);
