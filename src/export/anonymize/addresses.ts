import { createCipheriv, type Cipher } from 'node:crypto';
import type { AnonymizingKey } from './key.js';

const AES_BLOCK = 16;
/**
 * Addresses that are remembered, with what they became.
 * @bound addresses
 */
const MOST = 100_000;
const IPV4 = 4;
const IPV6 = 16;
const MAC = 6;

/**
 * IP and hardware addresses. IP addresses are mapped as Crypto-PAn does it (Xu, Fan, Ammar, Moon: Prefix-Preserving IP
 * Address Anonymization, 2002): two addresses that share their first n bits, and no more, do so afterwards; each bit is
 * turned or not by AES of the bits before it. IPv6 has its own tree. Unspecified, broadcast and multicast addresses name
 * no host; of multicast ones only the kind is kept.
 */
export class AddressMap {
  private readonly cipher: Cipher;
  private readonly pads: Readonly<Record<number, Buffer>>;
  private readonly known = new Map<string, Buffer>();

  constructor(private readonly key: AnonymizingKey) {
    this.cipher = createCipheriv('aes-128-ecb', key.bytes('addresses: cipher', '', AES_BLOCK), null);
    this.cipher.setAutoPadding(false);
    this.pads = {
      [IPV4]: this.encrypted(key.bytes('addresses: IPv4', '', AES_BLOCK)),
      [IPV6]: this.encrypted(key.bytes('addresses: IPv6', '', AES_BLOCK)),
    };
  }

  /** Different addresses so far. */
  get count(): number {
    return this.known.size;
  }

  /** An IPv4 (4 bytes) or IPv6 (16 bytes) address, in network order, which may be overwritten afterwards. */
  ip(address: Buffer): Buffer {
    return this.remembered(address, () => (address.length === IPV4 ? this.ipv4(address) : this.ipv6(address)));
  }

  /** A hardware address, of 6 bytes mostly: locally administered afterwards, and a group's where it was one. */
  hardware(address: Buffer): Buffer {
    return this.remembered(address, () => {
      if (address.every((byte) => byte === 0) || address.every((byte) => byte === 0xff)) return Buffer.from(address);
      const mapped = Buffer.from(this.key.bytes('hardware address', address, address.length));
      if (address.length === MAC) mapped[0] = (mapped[0]! & 0xfc) | 2 | (address[0]! & 1);
      return mapped;
    });
  }

  private ipv4(address: Buffer): Buffer {
    const word = address.readUInt32BE();
    // 0.0.0.0, broadcast, multicast.
    if (word === 0 || word === 0xffff_ffff || word >>> 28 === 0xe) return Buffer.from(address);
    return this.mapped(address, 0);
  }

  private ipv6(address: Buffer): Buffer {
    if (address.every((byte) => byte === 0)) return Buffer.from(address);
    // Multicast: flags and scope stay.
    return this.mapped(address, address[0] === 0xff ? 16 : 0);
  }

  /** @param kept leading bits that stay */
  private mapped(address: Buffer, kept: number): Buffer {
    const pad = this.pads[address.length]!;
    const bits = address.length * 8;
    const mapped = Buffer.from(address);
    for (let bit = kept; bit < bits; bit++) {
      // The bits before it, and the pad behind them.
      const input = Buffer.from(pad);
      const whole = bit >> 3;
      address.copy(input, 0, 0, whole);
      const mask = (0xff00 >> (bit & 7)) & 0xff;
      input[whole] = (address[whole]! & mask) | (pad[whole]! & ~mask);
      if ((this.encrypted(input)[0]! & 0x80) !== 0) mapped[whole]! ^= 0x80 >> (bit & 7);
    }
    return mapped;
  }

  private encrypted(block: Buffer): Buffer {
    return this.cipher.update(block);
  }

  private remembered(address: Buffer, map: () => Buffer): Buffer {
    const name = address.toString('latin1');
    const known = this.known.get(name);
    if (known !== undefined) return known;
    if (this.known.size >= MOST) this.known.clear();
    const mapped = map();
    this.known.set(name, mapped);
    return mapped;
  }
}
