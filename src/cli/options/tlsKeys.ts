import { delimiter } from 'node:path';
import process from 'node:process';
import { KeyLogFile } from '../../protocols/tls/keys/keyLogFile.js';
import { KeyStore } from '../../protocols/tls/keys/keyStore.js';
import { printable } from '../../report/text/escape.js';
import { UsageError } from '../usage.js';

/** Key logs beside those that are named by options: paths, separated as in PATH. */
const VARIABLE = 'ZKSCOPE_TLS_KEYS';

/**
 * Keys out of the key logs that were named. Throws UsageError where one cannot be read. What is in them is never shown.
 */
export function tlsKeys(named: readonly string[]): KeyStore {
  const store = new KeyStore();
  const fromEnvironment = (process.env[VARIABLE] ?? '').split(delimiter).filter((file) => file !== '');
  for (const file of [...fromEnvironment, ...named]) addKeyLog(file, store);
  return store;
}

function addKeyLog(file: string, store: KeyStore): void {
  const before = store.lines;
  let log: KeyLogFile;
  try {
    log = new KeyLogFile(file, store);
  } catch (error) {
    throw new UsageError(`${file}: the key log cannot be read: ${reason(error)}`);
  }
  if (store.lines > before || log.size === 0) return;
  process.stderr.write(
    `zkscope: ${printable(file)}: no key in it; a key log has lines such as CLIENT_RANDOM, 64 digits and 96 digits (SSLKEYLOGFILE)\n`,
  );
}

/** Why the system refuses a file, without the file's name, which stands before it. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  return error.message.replace(/^[A-Z]+: /, '');
}
