/** What is read of a ClientHello; all of it travels in clear. */
export interface ClientHello {
  /** Highest version offered: of supported_versions where it is there, otherwise of the hello itself. */
  readonly version: number;
  /** server_name, null where there is none. Text of the capture: escape it before it is shown. */
  readonly serverName: string | null;
  /** Protocols of ALPN, in order. */
  readonly alpn: readonly string[];
}

export interface ServerHello {
  /** Version that the server chose. */
  readonly version: number;
  /** Cipher suite number. */
  readonly cipherSuite: number;
  /** Not an answer yet: the client is asked for another ClientHello (RFC 8446, 4.1.4). */
  readonly retry: boolean;
}

const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const MAX_NAME = 255;
const MAX_PROTOCOLS = 16;
/** Random of a ServerHello that is a HelloRetryRequest: SHA-256 of "HelloRetryRequest". */
const RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

/** Moves over bytes and never past their end; `ok` turns false, for good, when something would not fit. */
class Cursor {
  ok = true;

  constructor(
    readonly bytes: Buffer,
    public at: number,
    public end: number,
  ) {}

  /** Unsigned big-endian number of 1 to 3 bytes. */
  number(size: number): number {
    if (!this.ok || this.end - this.at < size) {
      this.ok = false;
      return 0;
    }
    const value = this.bytes.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  skip(count: number): void {
    if (!this.ok || this.end - this.at < count) this.ok = false;
    else this.at += count;
  }

  /** A vector whose length has `size` bytes, as a cursor of its own. */
  vector(size: number): Cursor {
    const length = this.number(size);
    const start = this.at;
    this.skip(length);
    return new Cursor(this.bytes, start, this.ok ? this.at : start);
  }

  get more(): boolean {
    return this.ok && this.at < this.end;
  }

  text(limit: number): string {
    return this.bytes.toString('latin1', this.at, Math.min(this.end, this.at + limit));
  }
}

/**
 * Reads the body of a ClientHello: version 2, random 32, session id <1>, cipher suites <2>, compression <1>,
 * extensions <2>; each extension has type 2, data <2>. Null where it does not fit; a body that was cut gives what there is.
 */
export function readClientHello(bytes: Buffer, start: number, end: number): ClientHello | null {
  const cursor = new Cursor(bytes, start, end);
  let version = cursor.number(2);
  cursor.skip(32);
  cursor.vector(1);
  cursor.vector(2);
  cursor.vector(1);
  if (!cursor.ok) return null;
  let serverName: string | null = null;
  const alpn: string[] = [];
  forEachExtension(cursor, (type, data) => {
    if (type === SERVER_NAME) {
      const entries = data.vector(2);
      // host_name is the only kind of name there is.
      if (entries.number(1) === 0) {
        const name = entries.vector(2);
        if (entries.ok) serverName = name.text(MAX_NAME);
      }
    } else if (type === ALPN) {
      const names = data.vector(2);
      while (names.more && alpn.length < MAX_PROTOCOLS) {
        const name = names.vector(1);
        if (names.ok) alpn.push(name.text(MAX_NAME));
      }
    } else if (type === SUPPORTED_VERSIONS) {
      const versions = data.vector(1);
      while (versions.more) {
        const offered = versions.number(2);
        // GREASE values (RFC 8701) are no versions.
        if (versions.ok && offered >>> 8 === 3 && offered > version) version = offered;
      }
    }
  });
  return { version, serverName, alpn };
}

/** Reads the body of a ServerHello: version 2, random 32, session id <1>, cipher suite 2, compression 1, extensions. */
export function readServerHello(bytes: Buffer, start: number, end: number): ServerHello | null {
  const cursor = new Cursor(bytes, start, end);
  let version = cursor.number(2);
  const random = cursor.at;
  cursor.skip(32);
  cursor.vector(1);
  const cipherSuite = cursor.number(2);
  cursor.skip(1);
  if (!cursor.ok) return null;
  const retry = bytes.compare(RETRY_RANDOM, 0, 32, random, random + 32) === 0;
  forEachExtension(cursor, (type, data) => {
    if (type === SUPPORTED_VERSIONS) {
      const chosen = data.number(2);
      if (data.ok) version = chosen;
    }
  });
  return { version, cipherSuite, retry };
}

function forEachExtension(cursor: Cursor, read: (type: number, data: Cursor) => void): void {
  if (!cursor.more) return;
  const extensions = cursor.vector(2);
  while (extensions.more) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (extensions.ok) read(type, data);
  }
}
