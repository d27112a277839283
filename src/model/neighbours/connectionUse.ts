import type { ClientConnection } from '../knowledge/clientConnection.js';
import { firstToEnd, type Use } from './connectionChurn.js';

/**
 * What a connection to ZooKeeper's client port was used for. The handshake, pings and the good-bye are no work. Without a
 * session it was a four-letter word, a probe, or an attempt that failed. What the server ended, it may have ended together
 * with many others (a restart), and says nothing of how its client uses connections: null.
 */
export function zooKeeperUse(connection: ClientConnection): Use | null {
  if (!connection.established) return { requests: 0, probe: true };
  const said = connection.closeSession !== null;
  if (!said && firstToEnd(connection.tcp).by === 'server') return null;
  const requests = connection.requests - connection.pings - 1 - (said ? 1 : 0);
  return { requests: Math.max(0, requests), probe: false };
}
