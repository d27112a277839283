import type { ConnectionFacts } from '../../../observations/connectionFacts.js';

/** Whose conversation is wanted. */
export type LadderTarget =
  | { readonly kind: 'session'; readonly id: string }
  | { readonly kind: 'connection'; readonly number: number }
  | { readonly kind: 'client'; readonly address: string };

/** Reads `0x…` (a session), a connection's number, or a client's `ip:port` (or ip); null if it is none of them. */
export function ladderTarget(text: string): LadderTarget | null {
  const session = /^0x0*([0-9a-f]{1,16})$/i.exec(text)?.[1];
  if (session !== undefined) return { kind: 'session', id: `0x${session.toLowerCase()}` };
  if (/^[0-9]{1,9}$/.test(text)) return { kind: 'connection', number: Number(text) };
  const address =
    /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|\[[0-9a-f:.]+\]:\d{1,5}|[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*)$/i;
  return address.test(text) ? { kind: 'client', address: text.toLowerCase() } : null;
}

/** Whether a connection is the wanted one as far as its addresses and number tell; a session's cannot be told by them. */
export function isTarget(target: LadderTarget, connection: ConnectionFacts): boolean {
  switch (target.kind) {
    case 'session':
      return false;
    case 'connection':
      return connection.id === target.number;
    case 'client':
      return connection.client.text === target.address || connection.client.ip === target.address;
  }
}
