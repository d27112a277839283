import { isErrorCode } from '../../protocols/zookeeper/format/errors.js';

/**
 * Whether a field has a value that no client or server gives it. Used where it must be found out what a message is; so
 * what is merely unusual passes. Strings may have `?` for unknown bytes and `…` behind them where they are cut.
 * @param name as in the annotation: `stat.dataLength`, `ops[0].path`
 */
export function contradicts(name: string, value: number | string | boolean | null): boolean {
  const field = name.slice(name.lastIndexOf('.') + 1);
  if (typeof value === 'number') return numberContradicts(field, name, value);
  if (field === 'path') return value === null || typeof value === 'boolean' || !mayBePath(value);
  return false;
}

function mayBePath(text: string): boolean {
  if (text === '…') return true;
  if (!text.startsWith('/') && !text.startsWith('?')) return false;
  // eslint-disable-next-line no-control-regex -- control bytes are what is looked for
  return !/[\u0000-\u001f\u007f]/.test(text);
}

/** An error code that ZooKeeper has; a multi's headers have -1 there. Other numbers have their range in the records. */
function numberContradicts(field: string, name: string, value: number): boolean {
  return field === 'err' && !isErrorCode(value) && !(value === -1 && name.startsWith('ops'));
}
