export { SLOW_WAIT, type SlowStretch } from './ackPace.js';
export { agreedLeader, type Election, type Looker, type Reign } from './election.js';
export { LearnerLink, type Sync, type SyncKind } from './learnerLink.js';
export { QuorumModel, type SlowCommit } from './quorumModel.js';
export { QuorumServer } from './server.js';
