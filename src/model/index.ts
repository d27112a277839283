export { type Forgotten, makeRoom } from './bounds.js';
export { nameBytes, namesBytes, partOf, Room } from './knowledge/room.js';
export { ClientConnection, type Handshake } from './knowledge/clientConnection.js';
export {
  type ClientLoad,
  ConnectionChurn,
  type ShortConnection,
  ShortConnections,
} from './neighbours/connectionChurn.js';
export { Counts, type Dimension, dimensions, type Group, Grouping, type GroupingOptions } from './measures/grouping.js';
export { Histogram } from './measures/histogram.js';
export { Host } from './knowledge/host.js';
export { type RenewalSeries, type RenewalStorm } from './neighbours/leaseRenewals.js';
export type { LeaderOutage, LeaderRequest } from './neighbours/etcdLeaders.js';
export { Lease, LeaseTable } from './neighbours/leases.js';
export { type ModelListener } from './listener.js';
export { Model, type ModelOptions, Totals } from './model.js';
export { OperationStats } from './measures/operations.js';
export { Server, type Silence } from './knowledge/server.js';
export {
  type Attachment,
  type Ephemeral,
  type Follower,
  type RefusedCreate,
  Session,
  type SessionEnd,
} from './knowledge/session.js';
export {
  type BlindWindow,
  type ConnectedSpan,
  type LaneEvents,
  type QuietSpan,
  SessionLane,
} from './journals/sessionLane.js';
export { SessionLanes } from './journals/sessionLanes.js';
export { type SessionSummary, SessionTable } from './journals/sessionTable.js';
export { Statistics } from './measures/statistics.js';
export { Timeline, type TimelineLevel } from './journals/timeline.js';
export {
  type Refusal,
  type SeenCertificate,
  ServerHandshakes,
  type Stalled,
  TlsHandshakes,
} from './neighbours/tlsHandshakes.js';
export { type Awaited, Fired, listOf, type Read, View, type Watch, type WatchKind } from './knowledge/view.js';
export { type Change, type ChildList, type Creation, likePath, parentOf, Znode } from './knowledge/znode.js';
