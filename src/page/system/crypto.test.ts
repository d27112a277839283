import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  X509Certificate,
  type CipherCCMTypes,
  type CipherChaCha20Poly1305Types,
  type CipherGCMTypes,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as page from './crypto.js';

/** What the page's cryptography gives is what that of Node.js gives. */

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));

describe('hashes', () => {
  it.each(['md5', 'sha1', 'sha256', 'sha384'])('%s', (name) => {
    for (const length of [0, 1, 63, 64, 1000]) {
      const [key, data] = [randomBytes(length), randomBytes(length)];
      expect(page.createHash(name).update(data).digest('hex')).toBe(createHash(name).update(data).digest('hex'));
      expect(page.createHmac(name, key).update(data).digest()).toEqual(createHmac(name, key).update(data).digest());
    }
  });
});

const AEAD: readonly [name: string, keyLength: number, tagLength: number][] = [
  ['aes-128-gcm', 16, 16],
  ['aes-256-gcm', 32, 16],
  ['aes-128-ccm', 16, 16],
  ['aes-256-ccm', 32, 8],
  ['aes-128-ccm', 16, 8],
  ['chacha20-poly1305', 32, 16],
];

describe('records', () => {
  it.each(AEAD)('%s, key of %i bytes, tag of %i', (name, keyLength, authTagLength) => {
    // Node.js makes no CCM of nothing.
    for (const length of [...(name.endsWith('ccm') ? [] : [0]), 1, 15, 16, 17, 1000]) {
      const [key, nonce, additional, text] = [
        randomBytes(keyLength),
        randomBytes(12),
        randomBytes(13),
        randomBytes(length),
      ];
      const type = name as CipherGCMTypes & CipherCCMTypes & CipherChaCha20Poly1305Types;
      const cipher = createCipheriv(type, key, nonce, { authTagLength });
      cipher.setAAD(additional, { plaintextLength: length });
      const sealed = cipher.update(text);
      cipher.final();
      const tag = cipher.getAuthTag();
      const open = (with_: Buffer): Buffer =>
        page.createDecipheriv(name, key, nonce).setAuthTag(with_).setAAD(additional).update(sealed);
      expect(open(tag)).toEqual(text);
      const wrong = Buffer.from(tag);
      wrong[0]! ^= 1;
      expect(() => open(wrong)).toThrow();
    }
  });

  it.each([
    ['aes-128-cbc', 16, 16],
    ['aes-256-cbc', 32, 16],
    ['des-ede3-cbc', 24, 8],
  ])('%s', (name, keyLength, block) => {
    for (const blocks of [1, 2, 100]) {
      const [key, vector, sealed] = [randomBytes(keyLength), randomBytes(block), randomBytes(block * blocks)];
      const decipher = createDecipheriv(name, key, vector).setAutoPadding(false);
      const text = page.createDecipheriv(name, key, vector).setAutoPadding().update(sealed);
      expect(text).toEqual(Buffer.concat([decipher.update(sealed), decipher.final()]));
    }
  });
});

describe('certificates', () => {
  it.each(['tls/peer/rsa.crt', 'tls/peer/ec.crt'])('%s', (name) => {
    const node = new X509Certificate(readFileSync(FIXTURES + name));
    const own = new page.X509Certificate(node.raw);
    expect(own.subject).toBe(node.subject);
    expect(own.issuer).toBe(node.issuer);
    expect(Date.parse(own.validFrom)).toBe(Date.parse(node.validFrom));
    expect(Date.parse(own.validTo)).toBe(Date.parse(node.validTo));
    expect(own.publicKey.asymmetricKeyType).toBe(node.publicKey.asymmetricKeyType);
  });

  it('are refused where they are cut or changed, never misread without end', () => {
    const { raw } = new X509Certificate(readFileSync(`${FIXTURES}tls/peer/rsa.crt`));
    for (let length = 0; length < raw.length; length++)
      expect(() => new page.X509Certificate(raw.subarray(0, length))).toThrow();
  });
});
