/** What the reassembly keeps at most. */

/**
 * TCP connections: beyond it those that carried nothing go first, then those silent longest.
 * @bound connections
 */
export const MAX_CONNECTIONS = 20_000;
/**
 * Of one direction that wait for bytes before them.
 * @bound bytes
 */
export const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/**
 * The same of all connections together, with the beginnings of messages that are not whole yet.
 * @bound bytes
 */
export const MAX_WAITING_IN_ALL = 64 * 1024 * 1024;
/**
 * Segments of one direction that wait for bytes before them.
 * @bound segments
 */
export const MAX_WAITING_PIECES = 2048;
/**
 * Connections that have ended and are still known, for what comes late.
 * @bound connections
 */
export const CLOSED_KEPT = 2048;

/** The same for who wants others. */
export interface TcpOptions {
  /** Connections that are kept; beyond it the longest idle are forgotten. */
  readonly maxConnections?: number;
  /** Bytes that wait for their turn, per direction; and in all, with those of messages that are not whole yet. */
  readonly maxWaitingBytes?: number;
  readonly maxWaitingTotal?: number;
}
