import { blindWindow } from './blind-window.js';
import { connectionChurn } from './connection-churn.js';
import { connectRefused } from './connect-refused.js';
import { connectTimeout } from './connect-timeout.js';
import { emptyChildList } from './empty-child-list.js';
import { ephemeralNotRecreated } from './ephemeral-not-recreated.js';
import { followerSync } from './follower-sync.js';
import { halfOpenConnection } from './half-open-connection.js';
import { leaderElection } from './leader-election.js';
import { leaseRenewalStorm } from './lease-renewal-storm.js';
import { missingRewatch } from './missing-rewatch.js';
import { nodeExistsSwallowed } from './node-exists-swallowed.js';
import { pingUnanswered } from './ping-unanswered.js';
import type { AnyRule } from './rule.js';
import { serverStall } from './server-stall.js';
import { sessionExpired } from './session-expired.js';
import { slowQuorumAck } from './slow-quorum-ack.js';
import { staleChildList } from './stale-child-list.js';
import { tlsHandshakeStall } from './tls-handshake-stall.js';
import { watchLostAfterReconnect } from './watch-lost-after-reconnect.js';

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
  connectionChurn,
  tlsHandshakeStall,
  leaseRenewalStorm,
];
