import { asset } from '../report/assets.js';

/** Version of the package, from its package.json. */
export function version(): string {
  return (JSON.parse(asset('package.json')) as { version: string }).version;
}
