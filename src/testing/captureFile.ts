/**
 * Captures as lists of packets, for tests: read and written here without src/capture, so that each can check the other.
 * Reading is for well-formed files only.
 */

export interface Packet {
  /** Epoch seconds, and nanoseconds within the second. */
  readonly seconds: number;
  readonly nanos: number;
  readonly data: Buffer;
  /** Bytes on the wire; more than `data.length` where the snap length cut it. */
  readonly originalLength: number;
  /** LINKTYPE_ value. */
  readonly linkType: number;
}

/** Packets of a classic pcap or pcapng file (plain, not compressed). */
export function readCapture(file: Buffer): Packet[] {
  return file.readUInt32BE(0) === 0x0a0d0d0a ? readPcapng(file) : readPcap(file);
}

function readPcap(file: Buffer): Packet[] {
  const magic = file.readUInt32LE(0);
  const big = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1;
  const u32 = (at: number): number => (big ? file.readUInt32BE(at) : file.readUInt32LE(at));
  const nano = u32(0) === 0xa1b23c4d;
  if (!nano && u32(0) !== 0xa1b2c3d4) throw new Error('not a pcap file');
  const linkType = u32(20);
  const packets: Packet[] = [];
  for (let at = 24; at + 16 <= file.length;) {
    const length = u32(at + 8);
    packets.push({
      seconds: u32(at),
      nanos: u32(at + 4) * (nano ? 1 : 1000),
      data: file.subarray(at + 16, at + 16 + length),
      originalLength: u32(at + 12),
      linkType,
    });
    at += 16 + length;
  }
  return packets;
}

function readPcapng(file: Buffer): Packet[] {
  const packets: Packet[] = [];
  let big = false;
  const u16 = (at: number): number => (big ? file.readUInt16BE(at) : file.readUInt16LE(at));
  const u32 = (at: number): number => (big ? file.readUInt32BE(at) : file.readUInt32LE(at));
  let interfaces: { linkType: number; unitsPerSecond: bigint; offset: number }[] = [];
  for (let at = 0; at + 12 <= file.length;) {
    if (file.readUInt32BE(at) === 0x0a0d0d0a) {
      big = file.readUInt32BE(at + 8) === 0x1a2b3c4d;
      interfaces = [];
    }
    const type = u32(at);
    const length = u32(at + 4);
    if (type === 1) {
      let resolution = 6;
      let offset = 0;
      for (let option = at + 16; option < at + length - 4 && u16(option) !== 0;) {
        if (u16(option) === 9) resolution = file[option + 4]!;
        if (u16(option) === 14)
          offset = Number(big ? file.readBigInt64BE(option + 4) : file.readBigInt64LE(option + 4));
        option += 4 + Math.ceil(u16(option + 2) / 4) * 4;
      }
      const unitsPerSecond = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
      interfaces.push({ linkType: u16(at + 8), unitsPerSecond, offset });
    }
    if (type === 6) {
      const { linkType, unitsPerSecond, offset } = interfaces[u32(at + 8)]!;
      const time = (BigInt(u32(at + 12)) << 32n) | BigInt(u32(at + 16));
      packets.push({
        seconds: Number(time / unitsPerSecond) + offset,
        nanos: Number(((time % unitsPerSecond) * 1_000_000_000n) / unitsPerSecond),
        data: file.subarray(at + 28, at + 28 + u32(at + 20)),
        originalLength: u32(at + 24),
        linkType,
      });
    }
    at += length;
  }
  return packets;
}

export interface PcapOptions {
  readonly bigEndian?: boolean;
  readonly nanoseconds?: boolean;
  readonly snapLength?: number;
}

/** A classic pcap file. All packets must have one link type. */
export function writePcap(packets: readonly Packet[], options: PcapOptions = {}): Buffer {
  const { bigEndian = false, nanoseconds = false, snapLength = 262144 } = options;
  const linkType = packets[0]?.linkType ?? 1;
  const numbers = (...values: number[]): Buffer => {
    const buffer = Buffer.alloc(values.length * 4);
    values.forEach((value, i) => (bigEndian ? buffer.writeUInt32BE(value, i * 4) : buffer.writeUInt32LE(value, i * 4)));
    return buffer;
  };
  const header = numbers(nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, 0, 0, 0, snapLength, linkType);
  header[bigEndian ? 5 : 4] = 2; // version 2.4
  header[bigEndian ? 7 : 6] = 4;
  const parts = [header];
  for (const packet of packets) {
    if (packet.linkType !== linkType) throw new Error('one link type per pcap file');
    const fraction = nanoseconds ? packet.nanos : Math.floor(packet.nanos / 1000);
    parts.push(numbers(packet.seconds, fraction, packet.data.length, packet.originalLength), packet.data);
  }
  return Buffer.concat(parts);
}
