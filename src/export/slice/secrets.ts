const NEWLINE = 10;
/**
 * More of key logs than this is not kept.
 * @bound bytes
 */
const MOST_BYTES = 64 * 1024 * 1024;
const LONGEST = 4096;

/** Key logs that captures hold, line by line, so that those of some connections can be handed on. */
export class Secrets {
  private readonly lines: string[] = [];
  private bytes = 0;
  private rest = '';

  /** Takes a piece of a key log; a line end follows each of them. */
  add(bytes: Buffer): void {
    let at = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, at)) {
      this.line(this.rest + bytes.toString('latin1', at, end));
      this.rest = '';
      at = end + 1;
    }
    if (this.rest.length < LONGEST) this.rest += bytes.toString('latin1', at);
  }

  private line(text: string): void {
    if (text.length > LONGEST || this.bytes + text.length > MOST_BYTES) return;
    this.bytes += text.length;
    this.lines.push(text.trim());
  }

  /** The lines that belong to these owners (see TlsOwners), each once; empty where none do. */
  of(owners: ReadonlySet<string>): Buffer {
    const wanted = this.lines.filter((line) =>
      owners.has((/^\S+\s+([0-9a-f]+)\s/i.exec(line)?.[1] ?? '').toLowerCase()),
    );
    return Buffer.from([...new Set(wanted)].map((line) => `${line}\n`).join(''), 'latin1');
  }
}
