import type { ClientConnection } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';

/** The FIN or RST that ended a TCP connection. */
export interface Ending extends Moment {
  readonly by: 'client' | 'server';
  readonly kind: 'FIN' | 'RST';
}

/** Who ended a TCP connection first, and where; null while nobody did. */
export function endingOf({ tcp }: ClientConnection): Ending | null {
  const { toServer, toClient } = tcp;
  let first: Ending | null = null;
  // Nearly all connections end by one FIN, and many of them at a time: no list is made of the four.
  if (toClient.fin !== null) first = earlier(first, toClient.fin, 'server', 'FIN');
  if (toClient.rst !== null) first = earlier(first, toClient.rst, 'server', 'RST');
  if (toServer.fin !== null) first = earlier(first, toServer.fin, 'client', 'FIN');
  if (toServer.rst !== null) first = earlier(first, toServer.rst, 'client', 'RST');
  return first;
}

function earlier(first: Ending | null, { frame, time }: Moment, by: Ending['by'], kind: Ending['kind']): Ending {
  return first !== null && first.frame <= frame ? first : { frame, time, by, kind };
}

/** The server's FIN or RST, where it came before any of the client. */
export function endedByServer(connection: ClientConnection): Moment | null {
  const end = endingOf(connection);
  return end?.by === 'server' ? { frame: end.frame, time: end.time } : null;
}
