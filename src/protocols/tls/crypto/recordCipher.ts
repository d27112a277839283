import {
  createDecipheriv,
  createHmac,
  timingSafeEqual,
  type CipherCCMTypes,
  type CipherChaCha20Poly1305Types,
  type CipherGCMTypes,
} from 'node:crypto';
import { RecordType, TLS_1_3 } from '../names.js';
import type { CipherSuite } from './cipherSuites.js';
import type { DirectionKeys } from './keySchedule.js';

/** A record that was opened: its real content type and its text, valid until the next is opened. */
export interface OpenedRecord {
  readonly type: number;
  readonly text: Buffer;
  /** Zeros behind the text of a TLS 1.3 record, that hide its length. */
  readonly padding: number;
}

const HEADER_LENGTH = 5;
const EXPLICIT_NONCE = 8;
/** More text a record may not have (RFC 8446, 5.4; 5246, 6.2.2). */
const MAX_TEXT = 16384;
const TLS_1_0 = 0x0301;

/**
 * Opens the records of one direction under one set of keys. A record whose tag or MAC does not agree gives nothing. Records
 * are whole: header of 5 bytes, then what it counts.
 */
export interface RecordCipher {
  /** @param sequence number of the record under these keys, from 0 */
  open(bytes: Buffer, start: number, end: number, sequence: number): OpenedRecord | null;
  /** Bytes of text that a record of so many bytes (its header not counted) may hold at most. */
  textLength(length: number): number;
  /** Records may be longer than their text asks for. */
  readonly pads: boolean;
  /** A record can be opened without the one before it. */
  readonly independent: boolean;
}

/** The cipher that a version, a suite and keys ask for. */
export function recordCipher(
  version: number,
  suite: CipherSuite,
  keys: DirectionKeys,
  encryptThenMac: boolean,
): RecordCipher {
  if (suite.mode === 'cbc') return new CbcCipher(version, suite, keys, encryptThenMac);
  return new AeadCipher(version, suite, keys);
}

/** AES-GCM, AES-CCM, ChaCha20-Poly1305 (RFC 8446, 5.2; RFC 5288; RFC 6655; RFC 7905). */
class AeadCipher implements RecordCipher {
  readonly independent = true;
  readonly pads: boolean;
  private readonly nonce = Buffer.alloc(12);
  private readonly additional: Buffer;
  private readonly modern: boolean;
  /** Bytes of the nonce that stand before the text in each record. */
  private readonly explicit: number;

  constructor(
    version: number,
    private readonly suite: CipherSuite,
    private readonly keys: DirectionKeys,
  ) {
    this.modern = version === TLS_1_3;
    this.pads = this.modern;
    this.explicit = this.modern || suite.mode === 'chacha20' ? 0 : EXPLICIT_NONCE;
    this.additional = Buffer.alloc(this.modern ? HEADER_LENGTH : 13);
  }

  textLength(length: number): number {
    return Math.max(0, length - this.explicit - this.suite.tagLength - (this.modern ? 1 : 0));
  }

  open(bytes: Buffer, start: number, end: number, sequence: number): OpenedRecord | null {
    const { suite, nonce, additional, explicit } = this;
    const from = start + HEADER_LENGTH + explicit;
    const to = end - suite.tagLength;
    if (to < from) return null;
    this.keys.iv.copy(nonce);
    if (explicit > 0) bytes.copy(nonce, this.keys.iv.length, from - explicit, from);
    else xorSequence(nonce, sequence);
    if (this.modern) bytes.copy(additional, 0, start, start + HEADER_LENGTH);
    else describeRecord(additional, sequence, bytes, start, to - from);
    let text: Buffer;
    try {
      text = this.decrypt(bytes, from, to, end);
    } catch {
      // The tag does not agree.
      return null;
    }
    return this.modern ? innerText(text) : text.length > MAX_TEXT ? null : { type: bytes[start]!, text, padding: 0 };
  }

  private decrypt(bytes: Buffer, from: number, to: number, end: number): Buffer {
    const { suite, nonce, additional } = this;
    const authTagLength = suite.tagLength;
    const tag = bytes.subarray(to, end);
    if (suite.mode === 'gcm') {
      const cipher = createDecipheriv(suite.cipher as CipherGCMTypes, this.keys.key, nonce, { authTagLength });
      cipher.setAAD(additional).setAuthTag(tag);
      const text = cipher.update(bytes.subarray(from, to));
      cipher.final();
      return text;
    }
    const plaintextLength = to - from;
    const cipher = createDecipheriv(
      suite.cipher as CipherCCMTypes & CipherChaCha20Poly1305Types,
      this.keys.key,
      nonce,
      {
        authTagLength,
      },
    );
    cipher.setAuthTag(tag);
    cipher.setAAD(additional, { plaintextLength });
    const text = cipher.update(bytes.subarray(from, to));
    cipher.final();
    return text;
  }
}

/** CBC with a MAC: over the text before it is encrypted, or over what was encrypted (RFC 7366). */
class CbcCipher implements RecordCipher {
  readonly pads = true;
  readonly independent: boolean;
  private readonly additional = Buffer.alloc(13);
  private vector: Buffer;

  constructor(
    version: number,
    private readonly suite: CipherSuite,
    private readonly keys: DirectionKeys,
    private readonly encryptThenMac: boolean,
  ) {
    this.independent = version > TLS_1_0;
    this.vector = keys.iv;
  }

  textLength(length: number): number {
    const { blockLength, tagLength } = this.suite;
    return Math.max(0, length - (this.independent ? blockLength : 0) - tagLength - 1);
  }

  open(bytes: Buffer, start: number, end: number, sequence: number): OpenedRecord | null {
    const { suite, additional } = this;
    const { blockLength, tagLength } = suite;
    const body = start + HEADER_LENGTH;
    const last = this.encryptThenMac ? end - tagLength : end;
    const from = this.independent ? body + blockLength : body;
    if (last - from < blockLength || (last - from) % blockLength !== 0) return null;
    if (this.encryptThenMac) {
      describeRecord(additional, sequence, bytes, start, last - body);
      if (!this.agrees(bytes.subarray(body, last), bytes.subarray(last, end))) return null;
    }
    const vector = this.independent ? bytes.subarray(body, from) : this.vector;
    const cipher = createDecipheriv(suite.cipher, this.keys.key, vector);
    cipher.setAutoPadding(false);
    const text = cipher.update(bytes.subarray(from, last));
    const padding = text[text.length - 1]! + 1;
    const mac = this.encryptThenMac ? 0 : tagLength;
    const length = text.length - padding - mac;
    if (length < 0 || length > MAX_TEXT) return null;
    for (let at = text.length - padding; at < text.length; at++) if (text[at] !== padding - 1) return null;
    if (!this.encryptThenMac) {
      describeRecord(additional, sequence, bytes, start, length);
      if (!this.agrees(text.subarray(0, length), text.subarray(length, length + mac))) return null;
    }
    if (!this.independent) this.vector = Buffer.from(bytes.subarray(last - blockLength, last));
    return { type: bytes[start]!, text: text.subarray(0, length), padding: 0 };
  }

  private agrees(text: Buffer, mac: Buffer): boolean {
    const { macHash } = this.suite;
    const wanted = createHmac(macHash, this.keys.macKey).update(this.additional).update(text).digest();
    return wanted.length === mac.length && timingSafeEqual(wanted, mac);
  }
}

/** The sequence number, 8 bytes in network order, over the end of the nonce. */
function xorSequence(nonce: Buffer, sequence: number): void {
  const high = Math.floor(sequence / 2 ** 32);
  for (let index = 0; index < 4; index++) {
    nonce[4 + index] = nonce[4 + index]! ^ ((high >>> (24 - 8 * index)) & 0xff);
    nonce[8 + index] = nonce[8 + index]! ^ ((sequence >>> (24 - 8 * index)) & 0xff);
  }
}

/** What is authenticated beside the text before TLS 1.3: sequence number 8, type 1, version 2, length of the text 2. */
function describeRecord(into: Buffer, sequence: number, bytes: Buffer, start: number, length: number): void {
  into.writeUInt32BE(Math.floor(sequence / 2 ** 32), 0);
  into.writeUInt32BE(sequence % 2 ** 32, 4);
  bytes.copy(into, 8, start, start + 3);
  into.writeUInt16BE(length, 11);
}

/** TLSInnerPlaintext (RFC 8446, 5.4): text, type, zeros. */
function innerText(inner: Buffer): OpenedRecord | null {
  let at = inner.length - 1;
  while (at >= 0 && inner[at] === 0) at--;
  if (at < 0 || at > MAX_TEXT) return null;
  const type = inner[at]!;
  if (type < RecordType.CHANGE_CIPHER_SPEC || type > RecordType.APPLICATION_DATA) return null;
  return { type, text: inner.subarray(0, at), padding: inner.length - 1 - at };
}
