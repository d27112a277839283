import { shuffled } from './alphabet.js';
import type { AnonymizingKey } from './key.js';

const LETTERS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
/** Authentication schemes of ZooKeeper, and the user who is anybody. */
const SCHEMES: readonly string[] = ['world', 'auth', 'digest', 'ip', 'x509', 'sasl', 'super', 'host'];
const ANYONE = 'anyone';

/** How much was replaced, by what it was. */
export class ContentCounts {
  data = 0;
  dataBytes = 0;
  credentials = 0;
  texts = 0;
}

/** What is no name: data, credentials, texts with hosts in them. Equal bytes of one kind become equal bytes. */
export class ContentMap {
  readonly counts = new ContentCounts();

  constructor(private readonly key: AnonymizingKey) {}

  /** Data of a znode, a value of etcd: letters, as many as there were bytes. */
  data(bytes: Buffer): Buffer {
    if (bytes.length === 0) return bytes;
    this.counts.data++;
    this.counts.dataBytes += bytes.length;
    const out = Buffer.from(this.key.bytes('data', bytes, bytes.length));
    for (let i = 0; i < out.length; i++) out[i] = LETTERS[out[i]! % LETTERS.length]!;
    return out;
  }

  /** Passwords, tokens: other bytes. What is all zeros says that there is none, and stays. */
  credential(bytes: Buffer): Buffer {
    if (bytes.every((byte) => byte === 0)) return bytes;
    this.counts.credentials++;
    return this.key.bytes('credential', bytes, bytes.length);
  }

  /** An authentication scheme, as long as it is one that everybody knows. */
  scheme(bytes: Buffer): Buffer {
    return SCHEMES.includes(bytes.toString('latin1')) ? bytes : this.text(bytes);
  }

  /** Who is meant by an ACL, or who a client is. */
  user(bytes: Buffer): Buffer {
    return bytes.toString('latin1') === ANYONE ? bytes : this.text(bytes);
  }

  /** Text: letters and digits become others, word by word, so that a host is the same wherever it is named. */
  text(bytes: Buffer): Buffer {
    this.counts.texts++;
    return this.words(bytes, () => false);
  }

  /** Lines `server.1=host:2888:3888:participant;0.0.0.0:2181`, `version=…`: everything but hosts stays. */
  configuration(bytes: Buffer): Buffer {
    this.counts.texts++;
    const text = bytes.toString('latin1');
    const pieces = text.split(/(\n|,)/).map((line) => {
      const server = /^(\s*server\.\d{1,10}=)(.*)$/.exec(line);
      if (server !== null) return server[1]! + this.addresses(server[2]!);
      return /^(?:version=[0-9a-f]{1,16}|\n|,|)$/.test(line)
        ? line
        : this.words(latin(line), () => false).toString('latin1');
    });
    return latin(pieces.join(''));
  }

  /** `host:2888:3888:participant;host:2181`, several with `|` between: hosts are replaced. */
  addresses(text: string): string {
    const kept = /^(?:\d{1,5}|participant|observer|0\.0\.0\.0|)$/;
    return text
      .split(/([;|:]|\[[^\]]*\])/)
      .map((part) =>
        kept.test(part) || /^[;|:]$/.test(part) ? part : this.words(latin(part), () => false).toString('latin1'),
      )
      .join('');
  }

  private words(bytes: Buffer, keeps: (word: string) => boolean): Buffer {
    const text = bytes.toString('latin1');
    const words = text.split(/([A-Za-z0-9\x80-\xff._-]+)/);
    return Buffer.concat(
      words.map((word, i) => (i % 2 === 0 || keeps(word) ? latin(word) : shuffled(this.key, latin(word)))),
    );
  }
}

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
