export const CONNECT_LENGTHS = { leastRequest: 28, mostRequest: 256, leastResponse: 20, mostResponse: 256 };

/** Whether the first message of a connection can be a ConnectRequest: protocol version 0 and a password that fits. */
export function isConnectRequest(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length < CONNECT_LENGTHS.leastRequest || length > CONNECT_LENGTHS.mostRequest) return false;
  const password = Math.max(0, bytes.readInt32BE(start + 24));
  return bytes.readInt32BE(start) === 0 && (length === 28 + password || length === 29 + password);
}

/** Whether a message can be a ConnectResponse. */
export function isConnectResponse(bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (length < CONNECT_LENGTHS.leastResponse || length > CONNECT_LENGTHS.mostResponse) return false;
  const password = Math.max(0, bytes.readInt32BE(start + 16));
  return bytes.readInt32BE(start) === 0 && (length === 20 + password || length === 21 + password);
}
