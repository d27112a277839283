/**
 * What the program asks of node:crypto, by @noble/hashes and @noble/ciphers, and des.js for triple DES: the browser's own
 * WebCrypto answers later, and a record must be open before the next is read.
 */
import { ctr, cbc, gcm } from '@noble/ciphers/aes.js';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { hmac } from '@noble/hashes/hmac.js';
import { md5, sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import des from 'des.js';

export { X509Certificate } from './certificate.js';

const HASHES = { md5, sha1, sha256, sha384, sha512 } as const;
const BLOCK = 16;

function hashOf(name: string): (typeof HASHES)[keyof typeof HASHES] {
  const found = HASHES[name.toLowerCase() as keyof typeof HASHES] as (typeof HASHES)[keyof typeof HASHES] | undefined;
  if (found === undefined) throw new Error(`no hash ${name}`);
  return found;
}

interface Updated {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

class Digest {
  constructor(private readonly state: Updated) {}

  update(data: Uint8Array | string): this {
    this.state.update(typeof data === 'string' ? new TextEncoder().encode(data) : data);
    return this;
  }

  digest(): Buffer;
  digest(encoding: BufferEncoding): string;
  digest(encoding?: BufferEncoding): Buffer | string {
    const bytes = Buffer.from(this.state.digest());
    return encoding === undefined ? bytes : bytes.toString(encoding);
  }
}

export function createHash(name: string): Digest {
  return new Digest(hashOf(name).create());
}

export function createHmac(name: string, key: Uint8Array): Digest {
  return new Digest(hmac.create(hashOf(name), key));
}

export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean {
  let different = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) different |= a[i]! ^ (b[i] ?? 0);
  return different === 0;
}

export function randomBytes(count: number): Buffer {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(count)));
}

/** A decipher of one record: all that is authenticated is set before `update`, which gets all of the text at once. */
class Decipher {
  private additional: Uint8Array = new Uint8Array(0);
  private tag: Uint8Array = new Uint8Array(0);

  constructor(private readonly open: (text: Uint8Array, tag: Uint8Array, additional: Uint8Array) => Uint8Array) {}

  setAAD(bytes: Uint8Array): this {
    this.additional = bytes;
    return this;
  }

  setAuthTag(bytes: Uint8Array): this {
    this.tag = bytes;
    return this;
  }

  /** Padding is the reader's business: it is never taken away. */
  setAutoPadding(): this {
    return this;
  }

  /** Throws where the tag does not agree. */
  update(text: Uint8Array): Buffer {
    const opened = this.open(text, this.tag, this.additional);
    return Buffer.from(opened.buffer, opened.byteOffset, opened.length);
  }

  final(): Buffer {
    return Buffer.alloc(0);
  }
}

export function createDecipheriv(name: string, key: Uint8Array, iv: Uint8Array): Decipher {
  const nonce = Uint8Array.from(iv);
  if (/^aes-(128|256)-gcm$/.test(name))
    return new Decipher((text, tag, additional) => gcm(key, nonce, additional).decrypt(Buffer.concat([text, tag])));
  if (name === 'chacha20-poly1305')
    return new Decipher((text, tag, additional) =>
      chacha20poly1305(key, nonce, additional).decrypt(Buffer.concat([text, tag])),
    );
  if (/^aes-(128|256)-ccm$/.test(name))
    return new Decipher((text, tag, additional) => openCcm(key, nonce, text, tag, additional));
  if (/^aes-(128|256)-cbc$/.test(name))
    return new Decipher((text) => cbc(key, nonce, { disablePadding: true }).decrypt(Uint8Array.from(text)));
  if (name === 'des-ede3-cbc') return new Decipher((text) => openTripleDes(key, nonce, text));
  throw new Error(`no cipher ${name}`);
}

function openTripleDes(key: Uint8Array, iv: Uint8Array, sealed: Uint8Array): Uint8Array {
  const options = { type: 'decrypt', key: [...key], iv: [...iv], padding: false } as const;
  const decipher = des.CBC.instantiate(des.EDE).create(options);
  return Uint8Array.from([...decipher.update(Uint8Array.from(sealed)), ...decipher.final()]);
}

/** AES-CCM (RFC 3610) with a nonce of 12 bytes, so that lengths have 3. */
function openCcm(
  key: Uint8Array,
  nonce: Uint8Array,
  sealed: Uint8Array,
  tag: Uint8Array,
  additional: Uint8Array,
): Uint8Array {
  const lengthBytes = 15 - nonce.length;
  const counter = new Uint8Array(BLOCK);
  counter[0] = lengthBytes - 1;
  counter.set(nonce, 1);
  // Block 0 of the key stream covers the tag, the text begins with block 1.
  const whole = new Uint8Array(BLOCK + sealed.length);
  whole.set(tag, 0);
  whole.set(sealed, BLOCK);
  const opened = ctr(key, counter).decrypt(whole);
  const text = opened.subarray(BLOCK);
  const first = new Uint8Array(BLOCK);
  first[0] = (additional.length > 0 ? 0x40 : 0) | (((tag.length - 2) / 2) << 3) | (lengthBytes - 1);
  first.set(nonce, 1);
  for (let i = 0; i < lengthBytes; i++) first[BLOCK - 1 - i] = Math.floor(text.length / 2 ** (8 * i)) & 0xff;
  const head = additional.length === 0 ? [] : [additional.length >> 8, additional.length & 0xff, ...additional];
  const blocks = Buffer.concat([first, padded(Uint8Array.from(head)), padded(text)]);
  const mac = cbc(key, new Uint8Array(BLOCK), { disablePadding: true }).encrypt(Uint8Array.from(blocks));
  if (
    !timingSafeEqual(mac.subarray(mac.length - BLOCK, mac.length - BLOCK + tag.length), opened.subarray(0, tag.length))
  )
    throw new Error('the tag does not agree');
  return text;
}

function padded(bytes: Uint8Array): Uint8Array {
  const all = new Uint8Array(Math.ceil(bytes.length / BLOCK) * BLOCK);
  all.set(bytes);
  return all;
}
