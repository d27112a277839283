/** What of a file is one host's: the lines that name it, or the packets of an interface that is called so. */
export interface InputPart {
  /** As outputs call it: `zk1=all.ndjson`. */
  readonly name: string;
  readonly path: string;
  readonly host: string;
  /** It takes lines that name no host, too. */
  readonly nameless: boolean;
}

/** Longest name of a host. */
const LONGEST = 253;
/**
 * Hosts that are told apart in one run: frames of each are numbered with that many between them.
 * @bound hosts
 */
export const MOST_HOSTS = 64;

/** Those whose packets or lines are in a file, as far as they can be told apart. */
export class HostCensus {
  readonly names = new Set<string>();
  /** There are more than can be told apart. */
  tooMany = false;

  has(name: string): boolean {
    return this.names.has(name);
  }

  add(name: string): void {
    if (this.names.has(name)) return;
    if (this.names.size < MOST_HOSTS) this.names.add(name);
    else this.tooMany = true;
  }
}

/** A name for a host out of what a line or an interface calls itself: nothing in it that a terminal, or `HOST=FILE`, would take otherwise. */
export function nameOfHost(text: string): string {
  const name = text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, LONGEST);
  return name === '' ? 'unnamed' : name;
}

/** Names that a capture's interfaces have as hosts: each its own, those of one name in one section numbered. */
export class InterfaceNames {
  private readonly counts = new Map<string, number>();
  private readonly names: string[] = [];

  /** The next interface of a section; null where it has no name. */
  add(name: string | null): void {
    const plain = nameOfHost(name ?? `interface-${this.names.length}`);
    const before = this.counts.get(plain) ?? 0;
    this.counts.set(plain, before + 1);
    this.names.push(before === 0 ? plain : `${plain}-${before + 1}`);
  }

  /** A section begins, which has interfaces of its own. */
  clear(): void {
    this.counts.clear();
    this.names.length = 0;
  }

  of(index: number): string {
    return this.names[index] ?? 'unnamed';
  }
}
