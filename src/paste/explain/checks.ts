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

function numberContradicts(field: string, name: string, value: number): boolean {
  switch (field) {
    case 'protocolVersion':
      return value !== 0;
    case 'timeOut':
    case 'totalNumber':
      return value < 0;
    case 'dataLength':
    case 'numChildren':
      return value < 0;
    case 'flags':
      return value < 0 || value > 6;
    case 'mode':
      return value < 0 || value > 1;
    case 'perms':
      return value < 0 || value > 31;
    case 'err':
      // A multi's headers have -1 there.
      return !isErrorCode(value) && !(value === -1 && name.startsWith('ops'));
    default:
      return false;
  }
}
