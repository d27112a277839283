import type { ClientConnection } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';

/** Who ended a TCP connection first, and where; null while nobody did. */
export function endingOf({
  tcp,
}: ClientConnection): (Moment & { readonly by: 'client' | 'server'; readonly kind: 'FIN' | 'RST' }) | null {
  const ends = (['server', 'client'] as const).flatMap((by) => {
    const { fin, rst } = by === 'server' ? tcp.toClient : tcp.toServer;
    return [
      ...(fin === null ? [] : [{ frame: fin.frame, time: fin.time, by, kind: 'FIN' as const }]),
      ...(rst === null ? [] : [{ frame: rst.frame, time: rst.time, by, kind: 'RST' as const }]),
    ];
  });
  return ends.sort((a, b) => a.frame - b.frame)[0] ?? null;
}

/** The server's FIN or RST, where it came before any of the client. */
export function endedByServer(connection: ClientConnection): Moment | null {
  const end = endingOf(connection);
  return end?.by === 'server' ? { frame: end.frame, time: end.time } : null;
}
