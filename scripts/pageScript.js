import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

/** Text of the report page's own script: one function without imports or exports. */
export async function pageScript() {
  const input = fileURLToPath(new URL('../src/report/postmortem/html/client/main.ts', import.meta.url));
  const bundle = await rolldown({ input, platform: 'browser' });
  const { output } = await bundle.generate({ format: 'iife' });
  await bundle.close();
  return output[0].code;
}
