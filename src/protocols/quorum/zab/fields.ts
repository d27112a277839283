import { defineFields, ofAnyKind } from '../../field.js';
import { aclFieldTable, operationFieldTable, requestFields } from '../../zookeeper/fields.js';

const transactionFields = defineFields({
  ephemeral: { type: 'boolean', text: 'create transaction: an ephemeral' },
  parentCVersion: { type: 'integer', text: 'create transaction: cversion that the parent has afterwards' },
  paths: { type: 'strings', text: 'closeSession transaction: ephemerals that go with the session' },
});

/** Every field that a message between a learner and its leader is printed with. */
export const zabFields = defineFields({
  direction: {
    type: { oneOf: ['request', 'response'] },
    text: 'request: from the learner to the leader; response: from the leader',
  },
  session: { type: 'hex64', text: "REQUEST, REVALIDATE, transactions: the client's session" },
  length: { type: 'count', unit: 'bytes', text: 'all bytes of it on the wire' },
  zxid: { type: 'hex64', text: 'zxid of the packet; absent where all its bits are set' },
  epoch: { type: 'count', text: 'high half of the zxid' },
  leader: { type: 'integer', nullable: true, text: "the leader's myid" },
  learner: { type: 'integer', nullable: true, text: 'myid of the follower or observer' },
  synchronising: { type: 'flag', text: 'the learner is being brought up to date' },
  ...ofAnyKind(requestFields),
  ...transactionFields,
  version: { type: 'integer', text: 'version that is expected; of a transaction the version that there is afterwards' },
  acl: { type: { list: aclFieldTable, closed: true }, text: 'of a request or a transaction' },
  ops: {
    type: { list: { ...operationFieldTable, ...transactionFields } },
    text: 'operations of a multi, asked for or done',
  },
  cxid: { type: 'integer', text: "xid of the client's request" },
  txn: { type: 'string', text: 'operation of the transaction, or error' },
  txnTime: { type: 'string', nullable: true, text: "time of the transaction by the leader's clock" },
  err: { type: 'integer', text: 'error transaction: code' },
  error: { type: 'string', text: 'error transaction: name of the error' },
  request: { type: 'string', text: 'REQUEST: operation that a learner hands on' },
  auth: { type: 'strings', text: "REQUEST: schemes of the client's identities" },
  digest: { type: 'hex64', text: "digest of the leader's tree" },
  acknowledges: { type: { oneOf: ['PROPOSAL', 'NEWLEADER', 'UPTODATE'] }, text: 'ACK: what it is for' },
  acks: {
    type: {
      list: defineFields({
        server: { type: 'integer', nullable: true, text: 'myid' },
        ip: { type: 'string', text: 'address' },
        latency: { type: 'seconds', unit: 'seconds', text: 'from the proposal to its ACK' },
      }),
    },
    text: 'COMMIT: who had acknowledged when it was seen',
  },
  sessions: {
    type: {
      list: defineFields({
        session: { type: 'hex64', text: 'session id' },
        timeout: { type: 'integer', unit: 'milliseconds', text: 'session timeout' },
      }),
    },
    text: 'PING: sessions that the learner heard of since the last one',
  },
  valid: { type: 'boolean', text: 'answer to REVALIDATE: the session lives' },
  config: { type: 'string', text: 'NEWLEADER: configuration of the ensemble' },
  configVersion: { type: 'hex64', text: "FOLLOWERINFO, OBSERVERINFO: version of the learner's configuration" },
  currentEpoch: { type: 'integer', text: 'ACKEPOCH: epoch that the learner was in, -1 if it has agreed before' },
  designatedLeader: { type: 'integer', nullable: true, text: 'reconfiguration: myid of who is to lead' },
  protocolVersion: { type: 'integer', text: 'FOLLOWERINFO, OBSERVERINFO, LEADERINFO: version of the protocol' },
  authStatus: { type: 'string', text: 'SASL between servers: status' },
  duration: { type: 'seconds', unit: 'seconds', text: 'snapshot: from its first byte to its last' },
  latency: {
    type: 'seconds',
    unit: 'seconds',
    text: 'ACK: since what it acknowledges; COMMIT, INFORM: since the first PROPOSAL; answers: since they were asked for',
  },
});
