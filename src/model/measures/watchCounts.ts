import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import type { ModelListener } from '../listener.js';
import type { Model } from '../model.js';

/** NodeCreated, NodeDeleted, NodeDataChanged, NodeChildrenChanged: what a watch tells. */
const LAST_EVENT = 4;
const NO_NODE = -101;

/** Counts watches that were set and that fired, and sessions that came and went, since the beginning. */
export class WatchCounts implements ModelListener {
  readonly withoutPings = true;
  set = 0;
  fired = 0;
  sessionsMade = 0;
  sessionsTakenUp = 0;
  sessionsExpired = 0;
  sessionsClosed = 0;

  constructor(model: Model) {
    model.addListener(this);
  }

  sessionAttached(_session: unknown, _connection: unknown, resumed: boolean): void {
    if (resumed) this.sessionsTakenUp++;
    else this.sessionsMade++;
  }

  sessionExpired(): void {
    this.sessionsExpired++;
  }

  sessionClosed(): void {
    this.sessionsClosed++;
  }

  response({ request, err }: Parameters<NonNullable<ModelListener['response']>>[0]): void {
    if (request === null) return;
    // A watch on a znode that is not there is set by exists only.
    if (request.watch && (err === 0 || (err === NO_NODE && request.opcode === OpCode.exists))) this.set++;
    else if (err === 0 && request.opcode === OpCode.addWatch) this.set++;
  }

  notification({ eventType }: Parameters<NonNullable<ModelListener['notification']>>[0]): void {
    if (eventType >= 1 && eventType <= LAST_EVENT) this.fired++;
  }
}
