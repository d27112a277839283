import type { HostsBy } from '../../observations/hosts/findHosts.js';
import type { ServerPort } from '../../protocols/router.js';
import type { KeyStore } from '../../protocols/tls/keys/keyStore.js';
import type { CaptureOptions } from './captureOptions.js';
import { tlsKeys } from './tlsKeys.js';

/** How captures are to be read. Throws UsageError where a key log cannot be. */
export function readOptions(options: CaptureOptions): {
  readonly ports: readonly ServerPort[];
  readonly keys: KeyStore;
  readonly hostsBy: HostsBy | undefined;
} {
  return { ports: options.port ?? [], keys: tlsKeys(options.tlsKeys ?? []), hostsBy: options.hostsBy };
}
