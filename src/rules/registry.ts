import { accessDenied } from './catalogue/access-denied.js';
import { blindWindow } from './catalogue/blind-window.js';
import { certificateExpiry } from './catalogue/certificate-expiry.js';
import { connectRefused } from './catalogue/connect-refused.js';
import { connectTimeout } from './catalogue/connect-timeout.js';
import { connectionChurn } from './catalogue/connection-churn.js';
import { connectionLimit } from './catalogue/connection-limit.js';
import { duplicateSessions } from './catalogue/duplicate-sessions.js';
import { emptyChildList } from './catalogue/empty-child-list.js';
import { ephemeralNotRecreated } from './catalogue/ephemeral-not-recreated.js';
import { etcdNoLeader } from './catalogue/etcd-no-leader.js';
import { followerSync } from './catalogue/follower-sync.js';
import { foreignTraffic } from './catalogue/foreign-traffic.js';
import { halfOpenConnection } from './catalogue/half-open-connection.js';
import { headOfLine } from './catalogue/head-of-line.js';
import { herd } from './catalogue/herd.js';
import { hotLoop } from './catalogue/hot-loop.js';
import { largeResponse } from './catalogue/large-response.js';
import { leaderElection } from './catalogue/leader-election.js';
import { leaseRenewalStorm } from './catalogue/lease-renewal-storm.js';
import { missingRewatch } from './catalogue/missing-rewatch.js';
import { networkLoss } from './catalogue/network-loss.js';
import { nodeExistsSwallowed } from './catalogue/node-exists-swallowed.js';
import { oversize } from './catalogue/oversize.js';
import { pingOnlySession } from './catalogue/ping-only-session.js';
import { pingUnanswered } from './catalogue/ping-unanswered.js';
import { pollWithoutWatch } from './catalogue/poll-without-watch.js';
import { quorumLost } from './catalogue/quorum-lost.js';
import { reconnectStorm } from './catalogue/reconnect-storm.js';
import { serverBehindClient } from './catalogue/server-behind-client.js';
import { serverStall } from './catalogue/server-stall.js';
import { sessionAbandoned } from './catalogue/session-abandoned.js';
import { sessionExpired } from './catalogue/session-expired.js';
import { sessionMoved } from './catalogue/session-moved.js';
import { slowQuorumAck } from './catalogue/slow-quorum-ack.js';
import { slowRequest } from './catalogue/slow-request.js';
import { staleChildList } from './catalogue/stale-child-list.js';
import { staleRead } from './catalogue/stale-read.js';
import { timeoutMisfit } from './catalogue/timeout-misfit.js';
import { tlsHandshakeFailed } from './catalogue/tls-handshake-failed.js';
import { tlsHandshakeStall } from './catalogue/tls-handshake-stall.js';
import { unbalancedServers } from './catalogue/unbalanced-servers.js';
import { wastedErrors } from './catalogue/wasted-errors.js';
import { watchLostAfterReconnect } from './catalogue/watch-lost-after-reconnect.js';
import { writeOutcomeUnknown } from './catalogue/write-outcome-unknown.js';
import { inOrder } from './order.js';
import type { AnyRule } from './rule.js';

/** All rules, in the order in which they run: a rule sees what those before it have reported. */
export const rules: readonly AnyRule[] = inOrder([
  accessDenied,
  blindWindow,
  certificateExpiry,
  connectRefused,
  connectTimeout,
  connectionChurn,
  connectionLimit,
  duplicateSessions,
  emptyChildList,
  ephemeralNotRecreated,
  etcdNoLeader,
  followerSync,
  foreignTraffic,
  halfOpenConnection,
  headOfLine,
  herd,
  hotLoop,
  largeResponse,
  leaderElection,
  leaseRenewalStorm,
  missingRewatch,
  networkLoss,
  nodeExistsSwallowed,
  oversize,
  pingOnlySession,
  pingUnanswered,
  pollWithoutWatch,
  quorumLost,
  reconnectStorm,
  serverBehindClient,
  serverStall,
  sessionAbandoned,
  sessionExpired,
  sessionMoved,
  slowQuorumAck,
  slowRequest,
  staleChildList,
  staleRead,
  timeoutMisfit,
  tlsHandshakeFailed,
  tlsHandshakeStall,
  unbalancedServers,
  wastedErrors,
  watchLostAfterReconnect,
  writeOutcomeUnknown,
]);
