import { asset } from './assets.js';

/** The report page's own script, from html/client, as the build puts it together. */
export function pageScript(): string {
  return asset('dist/page/main.js');
}
