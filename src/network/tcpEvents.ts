/**
 * What one segment was beside its payload. `retransmission` brought only bytes that had been seen; `refused` is the RST
 * that answers a SYN; `zeroWindow` begins a time in which its sender can take no more bytes. `dsack` answers a repetition: its
 * sender had those bytes already, nothing was lost. `outOfOrder` brought bytes from before others that had been seen for a
 * while, and that the receiver waited for: their first copy was lost before the point of capture.
 */
export type TcpEventKind =
  | 'syn'
  | 'synRetransmission'
  | 'synAck'
  | 'refused'
  | 'fin'
  | 'finRetransmission'
  | 'rst'
  | 'retransmission'
  | 'keepAlive'
  | 'zeroWindow'
  | 'dsack'
  | 'outOfOrder';

/** Bits of `HalfConnection.events`, in the order in which the events of one segment are told. */
export const SYN_ACK_SEEN = 1;
export const SYN_SEEN = 2;
export const SYN_REPEATED = 4;
export const BYTES_REPEATED = 8;
export const PROBED = 16;
export const WINDOW_CLOSED = 32;
export const FIN_SEEN = 64;
export const FIN_REPEATED = 128;
export const REFUSED = 256;
export const RST_SEEN = 512;
export const DUPLICATE_REPORTED = 1024;
export const LATE_FIRST_COPY = 2048;

const KINDS: readonly TcpEventKind[] = [
  'synAck',
  'syn',
  'synRetransmission',
  'retransmission',
  'keepAlive',
  'zeroWindow',
  'fin',
  'finRetransmission',
  'refused',
  'rst',
  'dsack',
  'outOfOrder',
];

/** Calls `tell` for each event that the bits stand for. */
export function eachEvent(events: number, tell: (kind: TcpEventKind) => void): void {
  // A FIN that is sent again says so itself, whatever bytes it repeats.
  if ((events & FIN_REPEATED) !== 0) events &= ~BYTES_REPEATED;
  for (let left = events; left !== 0; left &= left - 1) tell(KINDS[31 - Math.clz32(left & -left)]!);
}
