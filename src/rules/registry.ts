import { blindWindow } from './blind-window.js';
import { connectRefused } from './connect-refused.js';
import { connectTimeout } from './connect-timeout.js';
import { connectionChurn } from './connection-churn.js';
import { duplicateSessions } from './duplicate-sessions.js';
import { emptyChildList } from './empty-child-list.js';
import { ephemeralNotRecreated } from './ephemeral-not-recreated.js';
import { followerSync } from './follower-sync.js';
import { halfOpenConnection } from './half-open-connection.js';
import { herd } from './herd.js';
import { hotLoop } from './hot-loop.js';
import { largeResponse } from './large-response.js';
import { leaderElection } from './leader-election.js';
import { leaseRenewalStorm } from './lease-renewal-storm.js';
import { missingRewatch } from './missing-rewatch.js';
import { nodeExistsSwallowed } from './node-exists-swallowed.js';
import { pingOnlySession } from './ping-only-session.js';
import { pingUnanswered } from './ping-unanswered.js';
import { reconnectStorm } from './reconnect-storm.js';
import { serverStall } from './server-stall.js';
import { sessionExpired } from './session-expired.js';
import { sessionMoved } from './session-moved.js';
import { slowQuorumAck } from './slow-quorum-ack.js';
import { slowRequest } from './slow-request.js';
import { staleChildList } from './stale-child-list.js';
import { tlsHandshakeStall } from './tls-handshake-stall.js';
import { watchLostAfterReconnect } from './watch-lost-after-reconnect.js';
import type { AnyRule } from './rule.js';

/** All rules. Causes come before what they cause: a rule sees what those before it have reported. */
export const rules: readonly AnyRule[] = [
  leaderElection,
  followerSync,
  slowQuorumAck,
  connectRefused,
  connectTimeout,
  serverStall,
  halfOpenConnection,
  pingUnanswered,
  nodeExistsSwallowed,
  ephemeralNotRecreated,
  missingRewatch,
  blindWindow,
  watchLostAfterReconnect,
  staleChildList,
  sessionExpired,
  emptyChildList,
  duplicateSessions,
  pingOnlySession,
  reconnectStorm,
  sessionMoved,
  slowRequest,
  hotLoop,
  herd,
  largeResponse,
  leaseRenewalStorm,
  connectionChurn,
  tlsHandshakeStall,
];
