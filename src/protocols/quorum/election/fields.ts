import { defineFields } from '../../field.js';

/** Every field that a message of the leader election is printed with. */
export const electionFields = defineFields({
  direction: {
    type: { oneOf: ['request', 'response'] },
    text: 'request: from the server that connected; response: to it',
  },
  length: { type: 'count', unit: 'bytes', text: 'bytes on the wire, with the length prefix of a notification' },
  sender: { type: 'integer', nullable: true, text: 'myid' },
  receiver: { type: 'integer', nullable: true, text: 'myid' },
  protocolVersion: { type: 'integer', nullable: true, text: 'initialMessage: null before ZooKeeper 3.5' },
  addresses: { type: 'strings', text: "initialMessage: the sender's election port" },
  state: { type: { oneOf: ['LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING'] }, text: 'notification: of the sender' },
  leader: { type: 'integer', nullable: true, text: 'notification: whom the sender takes for the leader' },
  zxid: { type: 'hex64', text: 'notification: last zxid of the proposed leader' },
  electionEpoch: { type: 'number', nullable: true, text: "notification: round, by the sender's logical clock" },
  peerEpoch: { type: 'number', nullable: true, text: 'notification: epoch of the proposed leader' },
  version: { type: 'integer', text: 'notification: format, 2 since ZooKeeper 3.5' },
  config: { type: 'string', text: "notification: the sender's configuration of the ensemble" },
  authStatus: { type: 'string', text: 'quorumAuth: status of SASL between servers' },
  dataLength: { type: 'bufferLength', unit: 'bytes', text: 'quorumAuth: length of the token, -1 for null' },
});
