import { VectorCursor } from './vectors.js';

const NO_BYTES = Buffer.alloc(0);

/** What is read of a ClientHello; all of it travels in clear. */
export interface ClientHello {
  /** Highest version offered: of supported_versions where it is there, otherwise of the hello itself. */
  readonly version: number;
  /** 32 bytes; keys are filed under it. */
  readonly random: Buffer;
  readonly sessionId: Buffer;
  /** server_name, null where there is none. Text of the capture: escape it before it is shown. */
  readonly serverName: string | null;
  /** Protocols of ALPN, in order. */
  readonly alpn: readonly string[];
  /** It offers to go on with a session of before (pre_shared_key, a session id or a ticket). */
  readonly offersResumption: boolean;
  /** Data follows at once, under keys of a session of before (RFC 8446, 2.3). */
  readonly earlyData: boolean;
}

export interface ServerHello {
  /** Version that the server chose. */
  readonly version: number;
  readonly random: Buffer;
  readonly sessionId: Buffer;
  /** Cipher suite number. */
  readonly cipherSuite: number;
  /** Not an answer yet: the client is asked for another ClientHello (RFC 8446, 4.1.4). */
  readonly retry: boolean;
  /** A pre-shared key was taken: a session of before goes on. */
  readonly preSharedKey: boolean;
  readonly encryptThenMac: boolean;
  readonly extendedMasterSecret: boolean;
  /** Protocol of ALPN that the server chose, where it says so in clear (up to TLS 1.2). */
  readonly alpn: string | null;
}

/** What is read of EncryptedExtensions: what the server says beside its hello in TLS 1.3. */
export interface EncryptedExtensions {
  readonly alpn: string | null;
  readonly earlyData: boolean;
}

/** Extension types (RFC 8446, 4.2; RFC 7366; RFC 7627; RFC 5077). */
const Extension = {
  SERVER_NAME: 0,
  ALPN: 16,
  ENCRYPT_THEN_MAC: 22,
  EXTENDED_MASTER_SECRET: 23,
  SESSION_TICKET: 35,
  PRE_SHARED_KEY: 41,
  EARLY_DATA: 42,
  SUPPORTED_VERSIONS: 43,
} as const;

const MAX_NAME = 255;
const MAX_PROTOCOLS = 16;
/** Random of a ServerHello that is a HelloRetryRequest: SHA-256 of "HelloRetryRequest". */
export const RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');
const RANDOM_LENGTH = 32;

function readRandom(cursor: VectorCursor): Buffer {
  const { at } = cursor;
  cursor.skip(RANDOM_LENGTH);
  return Buffer.from(cursor.bytes.subarray(at, cursor.ok ? cursor.at : at));
}

function readProtocols(data: VectorCursor): string[] {
  const found: string[] = [];
  const names = data.vector(2);
  while (names.more && found.length < MAX_PROTOCOLS) {
    const name = names.vector(1);
    if (names.ok) found.push(name.text(MAX_NAME));
  }
  return found;
}

/**
 * Reads the body of a ClientHello: version 2, random 32, session id <1>, cipher suites <2>, compression <1>,
 * extensions <2>; each extension has type 2, data <2>. Null where it does not fit; a body that was cut gives what there is.
 */
export function readClientHello(bytes: Buffer, start: number, end: number): ClientHello | null {
  const cursor = new VectorCursor(bytes, start, end);
  let version = cursor.number(2);
  const random = readRandom(cursor);
  const sessionId = copyOf(cursor.vector(1).rest());
  cursor.vector(2);
  cursor.vector(1);
  if (!cursor.ok) return null;
  let serverName: string | null = null;
  let alpn: string[] = [];
  const said = { ticket: false, earlyData: false, modern: false };
  forEachExtension(cursor, (type, data) => {
    switch (type) {
      case Extension.SERVER_NAME: {
        const entries = data.vector(2);
        // host_name is the only kind of name there is.
        if (entries.number(1) !== 0) break;
        const name = entries.vector(2);
        if (entries.ok) serverName = name.text(MAX_NAME);
        break;
      }
      case Extension.ALPN:
        alpn = readProtocols(data);
        break;
      case Extension.SESSION_TICKET:
        if (data.more) said.ticket = true;
        break;
      case Extension.PRE_SHARED_KEY:
        said.ticket = true;
        break;
      case Extension.EARLY_DATA:
        said.earlyData = true;
        break;
      case Extension.SUPPORTED_VERSIONS: {
        const versions = data.vector(1);
        while (versions.more) {
          const offered = versions.number(2);
          // GREASE values (RFC 8701) are no versions.
          if (!versions.ok || offered >>> 8 !== 3 || offered <= version) continue;
          version = offered;
          said.modern = true;
        }
        break;
      }
    }
  });
  // TLS 1.3 sends a session id that means nothing, for old middleboxes.
  const offersResumption = said.ticket || (!said.modern && sessionId.length > 0);
  return { version, random, sessionId, serverName, alpn, offersResumption, earlyData: said.earlyData };
}

/** Reads the body of a ServerHello: version 2, random 32, session id <1>, cipher suite 2, compression 1, extensions. */
export function readServerHello(bytes: Buffer, start: number, end: number): ServerHello | null {
  const cursor = new VectorCursor(bytes, start, end);
  let version = cursor.number(2);
  const random = readRandom(cursor);
  const sessionId = copyOf(cursor.vector(1).rest());
  const cipherSuite = cursor.number(2);
  cursor.skip(1);
  if (!cursor.ok) return null;
  const found = { preSharedKey: false, encryptThenMac: false, extendedMasterSecret: false };
  let alpn: string | null = null;
  forEachExtension(cursor, (type, data) => {
    if (type === Extension.SUPPORTED_VERSIONS) {
      const chosen = data.number(2);
      if (data.ok) version = chosen;
    } else if (type === Extension.ALPN) alpn = readProtocols(data)[0] ?? null;
    else if (type === Extension.PRE_SHARED_KEY) found.preSharedKey = true;
    else if (type === Extension.ENCRYPT_THEN_MAC) found.encryptThenMac = true;
    else if (type === Extension.EXTENDED_MASTER_SECRET) found.extendedMasterSecret = true;
  });
  return { version, random, sessionId, cipherSuite, retry: random.equals(RETRY_RANDOM), alpn, ...found };
}

/** Reads the body of EncryptedExtensions: extensions <2>. */
export function readEncryptedExtensions(bytes: Buffer, start: number, end: number): EncryptedExtensions {
  let alpn: string | null = null;
  let earlyData = false;
  forEachExtension(new VectorCursor(bytes, start, end), (type, data) => {
    if (type === Extension.ALPN) alpn = readProtocols(data)[0] ?? null;
    else if (type === Extension.EARLY_DATA) earlyData = true;
  });
  return { alpn, earlyData };
}

function forEachExtension(cursor: VectorCursor, read: (type: number, data: VectorCursor) => void): void {
  if (!cursor.more) return;
  const extensions = cursor.vector(2);
  while (extensions.more) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (extensions.ok) read(type, data);
  }
}

/** An empty one, as most session ids of TLS 1.3 are, takes nothing. */
function copyOf(bytes: Buffer): Buffer {
  return bytes.length === 0 ? NO_BYTES : Buffer.from(bytes);
}
