import { TO_SERVER, type Direction } from '../../../network/connection.js';
import type { MessageBase } from '../../protocol.js';
import { hex64, zxidNumber } from '../../zookeeper/format/stat.js';

export type ServerState = 'LOOKING' | 'FOLLOWING' | 'LEADING' | 'OBSERVING';
/** QuorumPeer.ServerState by its number in a notification. */
export const serverStates: readonly ServerState[] = ['LOOKING', 'FOLLOWING', 'LEADING', 'OBSERVING'];

interface Place {
  readonly direction: Direction;
  readonly frame: number;
  readonly time: number;
  readonly firstFrame: number;
  streamEnd: number;
  /** Bytes on the wire, the length prefix of a notification included. */
  readonly length: number;
}

/** The first message on an election connection: who connects, and where its election port is. */
export interface InitialMessage extends Place, MessageBase {
  readonly protocol: 'election';
  readonly op: 'initialMessage';
  /** Server that connects and server that is connected to; null where the capture has not shown it. */
  readonly sender: number | null;
  readonly receiver: number | null;
  /** -65536 (3.5), -65535 (3.6, several addresses); null before 3.5, where a server id stood alone. */
  readonly protocolVersion: number | null;
  /** `host:port`; empty before 3.5. */
  readonly addresses: readonly string[];
}

/** A vote: whom the sender takes for leader, in which round, and what it is itself. */
export interface Notification extends Place, MessageBase {
  readonly protocol: 'election';
  readonly op: 'notification';
  readonly sender: number | null;
  readonly receiver: number | null;
  readonly state: ServerState;
  /** Proposed (LOOKING) or known leader; null if the sender proposes nobody, as observers do. */
  readonly leader: number | null;
  /** Last zxid of the proposed leader; null with `leader`. `zxidText` has all 64 bits. */
  readonly zxid: number | null;
  readonly zxidText: string | null;
  /** Round of the election by the sender's logical clock. */
  readonly electionEpoch: number | null;
  /** Epoch of the proposed leader; null before 3.4 and where nobody is proposed. */
  readonly peerEpoch: number | null;
  /** Format: 2 since 3.5, 1 since 3.4.6, 0 before. */
  readonly version: number;
  /** The sender's configuration (3.5 and later), else null. */
  readonly config: string | null;
}

/** SASL between servers, behind the initial message. */
export interface ElectionAuth extends Place, MessageBase {
  readonly protocol: 'election';
  readonly op: 'quorumAuth';
  readonly sender: number | null;
  readonly receiver: number | null;
  /** QuorumAuth.Status. */
  readonly authStatus: string;
  /** Length of the token, -1 for null. */
  readonly dataLength: number;
}

export type ElectionMessage = InitialMessage | ElectionAuth | Notification;

export interface NotificationFields {
  readonly state: ServerState;
  readonly leader: number | null;
  readonly zxidHi: number;
  readonly zxidLo: number;
  readonly electionEpoch: number | null;
  readonly peerEpoch: number | null;
  readonly version: number;
  readonly config: string | null;
}

function common({ direction, length }: Place): { direction: 'request' | 'response'; length: number } {
  return { direction: direction === TO_SERVER ? 'request' : 'response', length };
}

export function initialMessage(
  place: Place,
  sender: number | null,
  receiver: number | null,
  protocolVersion: number | null,
  addresses: readonly string[],
): InitialMessage {
  return {
    ...place,
    protocol: 'election',
    kind: 'message',
    op: 'initialMessage',
    truncated: false,
    sender,
    receiver,
    protocolVersion,
    addresses,
    toRecord: () => ({ ...common(place), sender, receiver, protocolVersion, addresses }),
  };
}

export function electionAuth(
  place: Place,
  sender: number | null,
  receiver: number | null,
  authStatus: string,
  dataLength: number,
): ElectionAuth {
  return {
    ...place,
    protocol: 'election',
    kind: 'message',
    op: 'quorumAuth',
    truncated: false,
    sender,
    receiver,
    authStatus,
    dataLength,
    toRecord: () => ({ ...common(place), sender, receiver, authStatus, dataLength }),
  };
}

export function notification(
  place: Place,
  sender: number | null,
  receiver: number | null,
  fields: NotificationFields,
): Notification {
  const { state, leader, zxidHi, zxidLo, electionEpoch, peerEpoch, version, config } = fields;
  const zxidText = leader === null ? null : hex64(zxidHi, zxidLo);
  return {
    ...place,
    protocol: 'election',
    kind: 'message',
    op: 'notification',
    truncated: false,
    sender,
    receiver,
    state,
    leader,
    zxid: leader === null ? null : zxidNumber(zxidHi, zxidLo),
    zxidText,
    electionEpoch,
    peerEpoch,
    version,
    config,
    toRecord: () => ({
      ...common(place),
      sender,
      receiver,
      state,
      leader,
      ...(zxidText === null ? {} : { zxid: zxidText }),
      electionEpoch,
      ...(peerEpoch === null ? {} : { peerEpoch }),
      version,
      ...(config === null ? {} : { config }),
    }),
  };
}
