import type { Protocol } from '../protocol.js';
import { electionProtocol } from './election/election.js';
import type { ElectionMessage } from './election/electionMessage.js';
import type { electionFields } from './election/fields.js';
import { Ensemble } from './ensemble.js';
import type { zabFields } from './zab/fields.js';
import type { ZabView } from './zab/zabMessage.js';
import { zabProtocol } from './zab/zab.js';

/** The protocols that ZooKeeper's servers speak among themselves. They share what they learn of the servers. */
export function quorum(): [Protocol<typeof zabFields, ZabView>, Protocol<typeof electionFields, ElectionMessage>] {
  const ensemble = new Ensemble();
  return [zabProtocol(ensemble), electionProtocol(ensemble)];
}
