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

/**
 * Names what the first bytes of a connection resemble where they cannot be a message of the protocol that belongs to the
 * port: `Redis`, `RDP`, `SMB`, otherwise `unknown`.
 */
export function strangerName(bytes: Buffer): string {
  const text = bytes.toString('latin1', 0, 4);
  if (/^\*\d/.test(text)) return 'Redis';
  if (bytes.length >= 3 && bytes[0] === 3 && bytes[1] === 0 && bytes[2] === 0) return 'RDP';
  if (text === '\xffSMB') return 'SMB';
  return foreignName(bytes, 0, bytes.length) ?? 'unknown';
}
