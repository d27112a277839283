/** An IP address as text, and a port. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** `10.0.0.1:2181` or `[fd77::1]:2181`. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[(.+)\]|([\d.]+)):(\d+)$/.exec(text);
  if (!match) throw new Error(`not an address and port: ${text}`);
  return { ip: (match[1] ?? match[2])!, port: Number(match[3]) };
}

/** Four or sixteen bytes. */
export function ipBytes(ip: string): Buffer {
  if (!ip.includes(':')) return Buffer.from(ip.split('.').map(Number));
  const [head = '', tail] = ip.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const words = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 255]));
}

/** The text of four or sixteen bytes; IPv6 as the URL standard writes it, which never mixes in an IPv4 address. */
export function ipOf(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = bytes.toString('hex').match(/.{4}/g) ?? [];
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** `fd77::` with the IPv4 address in its last four bytes. */
export function ipv6Of(ipv4: string): string {
  return ipOf(Buffer.concat([Buffer.from('fd770000000000000000000000', 'hex').subarray(0, 12), ipBytes(ipv4)]));
}
