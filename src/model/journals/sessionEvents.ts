import type { ClientConnection } from '../knowledge/clientConnection.js';
import type { ModelListener } from '../listener.js';
import type { Model } from '../model.js';
import type { Session } from '../knowledge/session.js';

/** What became of sessions and connections within a stretch of time. */
export class SessionCounts {
  /** TCP connections to ZooKeeper that began. */
  connections = 0;
  /** Sessions that were made, taken up again on another connection, closed, and answered that they have expired. */
  opened = 0;
  resumed = 0;
  closed = 0;
  expired = 0;
}

/** Counts sessions' events by the stretch of time in which they fall. */
export class SessionEvents implements ModelListener {
  /**
   * @param countsOf the counts of the stretch that holds a time; null for none
   * @param wanted which connections count
   */
  constructor(
    private readonly model: Model,
    private readonly countsOf: (time: number) => SessionCounts | null,
    private readonly wanted: (connection: ClientConnection) => boolean = () => true,
  ) {
    model.addListener(this);
  }

  connectionOpened(connection: ClientConnection): void {
    if (!this.wanted(connection)) return;
    const counts = this.countsOf(connection.tcp.start.time);
    if (counts !== null) counts.connections++;
  }

  sessionAttached(_session: Session, connection: ClientConnection, resumed: boolean): void {
    const counts = this.now(connection);
    if (counts === null) return;
    if (resumed) counts.resumed++;
    else counts.opened++;
  }

  sessionExpired(_session: Session | null, connection: ClientConnection): void {
    const counts = this.now(connection);
    if (counts !== null) counts.expired++;
  }

  sessionEnded(session: Session): void {
    const { endMoment, current } = session;
    if (session.end !== 'closed' || endMoment === null || (current !== null && !this.wanted(current))) return;
    const counts = this.countsOf(endMoment.time);
    if (counts !== null) counts.closed++;
  }

  private now(connection: ClientConnection): SessionCounts | null {
    return this.wanted(connection) ? this.countsOf(this.model.lastTime) : null;
  }
}
