const HTTP_METHODS = ['GET ', 'POST', 'PUT ', 'HEAD', 'DELE', 'OPTI', 'CONN', 'PATC', 'TRAC', 'PRI ', 'HTTP'];

/**
 * Names what is surely something else by its first bytes: `TLS` (a record 0x16 0x03), `HTTP`, `SSH`; otherwise null.
 * Needs 4 bytes.
 */
export function foreignName(bytes: Buffer, start: number, end: number): string | null {
  if (end - start < 4) return null;
  if (bytes[start] === 0x16 && bytes[start + 1] === 0x03) return 'TLS';
  const word = bytes.toString('latin1', start, start + 4);
  if (HTTP_METHODS.includes(word)) return 'HTTP';
  if (word === 'SSH-') return 'SSH';
  return null;
}
