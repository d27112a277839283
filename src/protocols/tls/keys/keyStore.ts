import { readSecretsAhead } from './secretsAhead.js';
import { LONGEST_LINE, readKeyLine, type SecretLabel } from './keyLine.js';

/** Secrets of one handshake, by label, as latin1 characters. */
type Entry = Partial<Record<SecretLabel, string>>;

/** A source that may have more than it had when it was read last. */
export interface GrowingSource {
  /** Reads what is new; false where there was nothing. */
  refresh(): boolean;
}

/**
 * Bytes of secrets and randoms that are kept, the oldest dropped first: those of some hundred thousand handshakes.
 * @bound bytes
 */
const MOST_BYTES = 48 * 1024 * 1024;
/** What an entry and each of its secrets take beside their bytes. */
const ENTRY_COST = 160;
const SECRET_COST = 24;

const NEWLINE = 10;

/** Lines of a key log out of passing chunks. A line that is too long to hold a key is passed over, not kept. */
export class KeyLines {
  private rest = '';
  private tooLong = false;

  constructor(private readonly store: KeyStore) {}

  push(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      let end = bytes.indexOf(NEWLINE, at);
      if (end < 0) end = bytes.length;
      if (!this.tooLong) {
        if (this.rest.length + end - at > LONGEST_LINE) {
          this.tooLong = true;
          this.rest = '';
        } else this.rest += bytes.toString('latin1', at, end);
      }
      if (end === bytes.length) return;
      this.finish();
      at = end + 1;
    }
  }

  /** The last line need not have a line end. Until it has one it may still grow: it is then read again. */
  peek(): void {
    if (this.rest !== '' && !this.tooLong) this.store.line(this.rest);
  }

  private finish(): void {
    if (this.rest !== '') this.store.line(this.rest);
    this.rest = '';
    this.tooLong = false;
  }
}

/**
 * Keys that were given for a run: key logs, and secrets out of captures. What is found in it never leaves this folder but
 * as a cipher: no message, report or error has it.
 */
export class KeyStore {
  private readonly entries = new Map<string, Entry>();
  private readonly sources: GrowingSource[] = [];
  /** Captures that have not been looked through for key logs yet. */
  private ahead: string[] = [];
  private bytes = 0;
  /** Handshakes whose keys were dropped, since there were too many. */
  dropped = 0;
  /** Lines that gave a key. */
  lines = 0;

  /** Are there any keys, or a source that may still give some? Without one nobody needs to look. */
  get empty(): boolean {
    if (this.entries.size === 0 && this.sources.length === 0) this.lookAhead();
    return this.entries.size === 0 && this.sources.length === 0;
  }

  watch(source: GrowingSource): void {
    this.sources.push(source);
  }

  /** Takes a line of a key log; one that holds no key says nothing. */
  line(text: string): void {
    const found = readKeyLine(text);
    if (found === null) return;
    this.lines++;
    const { owner, label, secret } = found;
    let entry = this.entries.get(owner);
    if (entry === undefined) {
      this.entries.set(owner, (entry = {}));
      this.bytes += ENTRY_COST + owner.length;
    }
    if (entry[label] === undefined) this.bytes += SECRET_COST + secret.length;
    entry[label] = secret;
    if (this.bytes > MOST_BYTES) this.dropOldest();
  }

  /** Takes a whole key log, such as one in a capture. */
  add(bytes: Buffer): void {
    const lines = new KeyLines(this);
    lines.push(bytes);
    lines.peek();
  }

  /** Takes the key logs of a capture in pieces, as they come; a line end follows each. */
  capture(file: string): (bytes: Buffer) => void {
    const lines = new KeyLines(this);
    this.ahead.push(file);
    return (bytes) => {
      lines.push(bytes);
    };
  }

  /**
   * The secret of a label that belongs to a client's random (32 bytes) or to the first 8 bytes of an encrypted premaster
   * secret, null where there is none. Sources that may have grown are then asked first.
   */
  find(owner: string, label: SecretLabel): string | null {
    const found = this.entries.get(owner)?.[label];
    if (found !== undefined) return found;
    if (!this.refresh()) return null;
    return this.entries.get(owner)?.[label] ?? null;
  }

  /** Is there anything that belongs to this random? */
  has(owner: string): boolean {
    return this.entries.has(owner);
  }

  /** Asks the sources for what is new; false where there was nothing. */
  refresh(): boolean {
    let grown = this.lookAhead();
    for (const source of this.sources) if (source.refresh()) grown = true;
    return grown;
  }

  /** Looks through the captures for key logs behind the place that was reached: once, when a key is missing. */
  private lookAhead(): boolean {
    const files = this.ahead;
    this.ahead = [];
    const before = this.lines;
    for (const file of files) {
      const lines = new KeyLines(this);
      readSecretsAhead(file, (bytes) => {
        lines.push(bytes);
      });
    }
    return this.lines > before;
  }

  private dropOldest(): void {
    for (const [owner, entry] of this.entries) {
      // Many at once: a Map walks over what was deleted from its start each time.
      if (this.bytes <= MOST_BYTES * 0.75) return;
      this.entries.delete(owner);
      this.dropped++;
      this.bytes -= ENTRY_COST + owner.length;
      for (const secret of Object.values(entry)) this.bytes -= SECRET_COST + secret.length;
    }
  }
}
