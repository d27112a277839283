/**
 * Distance from sequence number `from` to `to` modulo 2^32, between -2^31 and 2^31-1: positive if `to` comes later
 * (RFC 9293, section 3.4).
 */
export function sequenceDistance(from: number, to: number): number {
  return (to - from) | 0;
}
