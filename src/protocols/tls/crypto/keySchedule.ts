import { createHash, createHmac } from 'node:crypto';
import { TLS_1_2 } from '../names.js';
import type { CipherSuite } from './cipherSuites.js';

/**
 * Keys of one direction, as they protect its records. `iv` is the whole nonce of TLS 1.3 and ChaCha20, the first 4 bytes of
 * it in older GCM, the first vector of TLS 1.0's CBC, and empty for newer CBC.
 */
export interface DirectionKeys {
  readonly key: Buffer;
  readonly iv: Buffer;
  readonly macKey: Buffer;
}

const NONCE_LENGTH = 12;
/** Of the nonce in GCM and CCM before TLS 1.3; the other 8 bytes stand in the record. */
const SALT_LENGTH = 4;

/** HKDF-Expand (RFC 5869, 2.3). */
function expand(hash: string, secret: Buffer, info: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  let block = Buffer.alloc(0);
  let got = 0;
  for (let counter = 1; got < length; counter++) {
    block = createHmac(hash, secret).update(block).update(info).update(Buffer.of(counter)).digest();
    blocks.push(block);
    got += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** HKDF-Expand-Label with an empty context (RFC 8446, 7.1). `length` is in bytes. */
export function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const full = `tls13 ${label}`;
  const info = Buffer.alloc(2 + 1 + full.length + 1);
  info.writeUInt16BE(length, 0);
  info[2] = full.length;
  info.write(full, 3, 'latin1');
  return expand(hash, secret, info, length);
}

/** Keys of a direction out of its traffic secret (RFC 8446, 7.3). */
export function trafficKeys(suite: CipherSuite, secret: Buffer): DirectionKeys {
  return {
    key: expandLabel(suite.hash, secret, 'key', suite.keyLength),
    iv: expandLabel(suite.hash, secret, 'iv', NONCE_LENGTH),
    macKey: Buffer.alloc(0),
  };
}

/** The traffic secret behind a KeyUpdate (RFC 8446, 7.2). */
export function nextTrafficSecret(suite: CipherSuite, secret: Buffer): Buffer {
  return expandLabel(suite.hash, secret, 'traffic upd', secret.length);
}

/** P_hash (RFC 5246, 5). */
function pHash(hash: string, secret: Buffer, seed: Buffer, length: number): Buffer {
  const blocks: Buffer[] = [];
  let a = seed;
  for (let got = 0; got < length;) {
    a = createHmac(hash, secret).update(a).digest();
    const block = createHmac(hash, secret).update(a).update(seed).digest();
    blocks.push(block);
    got += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** Pseudorandom function of TLS 1.2 (RFC 5246, 5), and that of TLS 1.0 and 1.1: MD5 on one half, SHA-1 on the other. */
export function prf(
  version: number,
  hash: string,
  secret: Buffer,
  label: string,
  seed: Buffer,
  length: number,
): Buffer {
  const labelled = Buffer.concat([Buffer.from(label, 'latin1'), seed]);
  if (version >= TLS_1_2) return pHash(hash, secret, labelled, length);
  const half = Math.ceil(secret.length / 2);
  const mixed = Buffer.from(pHash('md5', secret.subarray(0, half), labelled, length));
  const sha = pHash('sha1', secret.subarray(secret.length - half), labelled, length);
  for (let index = 0; index < length; index++) mixed[index] = mixed[index]! ^ sha[index]!;
  return mixed;
}

export const MASTER_LENGTH = 48;

/**
 * The master secret out of a premaster secret. `transcript` is all handshake messages up to and including the
 * ClientKeyExchange where the extended master secret was agreed on (RFC 7627), otherwise null.
 */
export function masterSecret(
  version: number,
  hash: string,
  premaster: Buffer,
  randoms: { readonly client: Buffer; readonly server: Buffer },
  transcript: Buffer | null,
): Buffer {
  if (transcript === null) {
    const seed = Buffer.concat([randoms.client, randoms.server]);
    return prf(version, hash, premaster, 'master secret', seed, MASTER_LENGTH);
  }
  const digest = (name: string): Buffer => createHash(name).update(transcript).digest();
  const seed = version >= TLS_1_2 ? digest(hash) : Buffer.concat([digest('md5'), digest('sha1')]);
  return prf(version, hash, premaster, 'extended master secret', seed, MASTER_LENGTH);
}

/**
 * Keys of both directions out of the master secret (RFC 5246, 6.3): MAC keys, keys, vectors, the client's first each time.
 */
export function keyBlock(
  version: number,
  suite: CipherSuite,
  master: Buffer,
  randoms: { readonly client: Buffer; readonly server: Buffer },
): readonly [client: DirectionKeys, server: DirectionKeys] {
  const mac = suite.mode === 'cbc' ? suite.tagLength : 0;
  const iv = ivLength(version, suite);
  const seed = Buffer.concat([randoms.server, randoms.client]);
  const block = prf(version, suite.hash, master, 'key expansion', seed, 2 * (mac + suite.keyLength + iv));
  let at = 0;
  const take = (length: number): Buffer => block.subarray(at, (at += length));
  const [clientMac, serverMac] = [take(mac), take(mac)];
  const [clientKey, serverKey] = [take(suite.keyLength), take(suite.keyLength)];
  const [clientIv, serverIv] = [take(iv), take(iv)];
  return [
    { key: clientKey, iv: clientIv, macKey: clientMac },
    { key: serverKey, iv: serverIv, macKey: serverMac },
  ];
}

function ivLength(version: number, suite: CipherSuite): number {
  if (suite.mode === 'chacha20') return NONCE_LENGTH;
  if (suite.mode !== 'cbc') return SALT_LENGTH;
  // From TLS 1.1 on each record brings its own.
  return version <= 0x0301 ? suite.blockLength : 0;
}
