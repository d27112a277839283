import { ipBytes } from './addresses.js';

/** Headers in bytes, with right lengths and checksums. */

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;

export interface IpFields {
  readonly source: string;
  readonly destination: string;
  /** Protocol number of the payload. */
  readonly protocol: number;
  readonly id?: number;
  /** IPv4: flags and fragment offset, as in the header. */
  readonly fragment?: number;
  /** IPv4 options, a multiple of four bytes. */
  readonly options?: Buffer;
  /** Payload length to state, where it is not that of `payload` (cut by the snap length). */
  readonly length?: number;
}

/** An IPv4 or IPv6 packet, as the addresses say. A length that does not fit its field is stated as 0 (offload). */
export function ipPacket(fields: IpFields, payload: Buffer): Buffer {
  const source = ipBytes(fields.source);
  const destination = ipBytes(fields.destination);
  const length = fields.length ?? payload.length;
  if (source.length === 16) {
    const header = Buffer.alloc(8);
    header[0] = 0x60;
    header.writeUInt16BE(length > 65535 ? 0 : length, 4);
    header[6] = fields.protocol;
    header[7] = 64;
    return Buffer.concat([header, source, destination, payload]);
  }
  const options = fields.options ?? Buffer.alloc(0);
  const header = Buffer.concat([Buffer.alloc(12), source, destination, options]);
  header[0] = 0x40 | (header.length >> 2);
  const total = header.length + length;
  header.writeUInt16BE(total > 65535 ? 0 : total, 2);
  header.writeUInt16BE(fields.id ?? 0, 4);
  header.writeUInt16BE(fields.fragment ?? 0x4000, 6);
  header[8] = 64;
  header[9] = fields.protocol;
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, payload]);
}

export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  /** A multiple of four bytes. */
  readonly options: Buffer;
}

/** A TCP header and its payload, with the checksum for these addresses. */
export function tcpSegment(source: string, destination: string, fields: TcpFields, payload: Buffer): Buffer {
  const segment = Buffer.concat([Buffer.alloc(20), fields.options, payload]);
  segment.writeUInt16BE(fields.sourcePort, 0);
  segment.writeUInt16BE(fields.destinationPort, 2);
  segment.writeUInt32BE(fields.sequence >>> 0, 4);
  segment.writeUInt32BE(fields.acknowledgement >>> 0, 8);
  segment[12] = (20 + fields.options.length) << 2;
  segment[13] = fields.flags;
  segment.writeUInt16BE(fields.window, 14);
  segment.writeUInt16BE(checksum(Buffer.concat([pseudoHeader(source, destination, 6, segment.length), segment])), 16);
  return segment;
}

/**
 * A UDP header and its payload, of which `missing` bytes were cut by the snap length. Without checksum in IPv4, as
 * tunnels send it.
 */
export function udpDatagram(
  source: string,
  destination: string,
  sourcePort: number,
  destinationPort: number,
  payload: Buffer,
  missing = 0,
): Buffer {
  const datagram = Buffer.concat([Buffer.alloc(8), payload]);
  const length = datagram.length + missing;
  datagram.writeUInt16BE(sourcePort, 0);
  datagram.writeUInt16BE(destinationPort, 2);
  datagram.writeUInt16BE(length > 65535 ? 0 : length, 4);
  if (source.includes(':')) {
    const sum = checksum(Buffer.concat([pseudoHeader(source, destination, 17, datagram.length), datagram]));
    datagram.writeUInt16BE(sum === 0 ? 0xffff : sum, 6);
  }
  return datagram;
}

function pseudoHeader(source: string, destination: string, protocol: number, length: number): Buffer {
  const tail = Buffer.alloc(8);
  tail.writeUInt32BE(length, 0);
  tail[7] = protocol;
  return Buffer.concat([ipBytes(source), ipBytes(destination), tail]);
}

/** The Internet checksum (RFC 1071). */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += bytes[bytes.length - 1]! << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** An Ethernet header between two made-up addresses that belong to the IP addresses. */
export function ethernetHeader(source: string, destination: string, etherType: number): Buffer {
  const type = Buffer.alloc(2);
  type.writeUInt16BE(etherType, 0);
  return Buffer.concat([macOf(destination), macOf(source), type]);
}

/** A locally administered hardware address made of the last four bytes of the IP address. */
function macOf(ip: string): Buffer {
  return Buffer.concat([Buffer.from([0x02, 0x42]), ipBytes(ip).subarray(-4)]);
}
