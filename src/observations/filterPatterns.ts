import { BlockList, isIP } from 'node:net';
import picomatch from 'picomatch';
import type { Endpoint } from './connectionFacts.js';

/** Text that picomatch takes for a pattern rather than for a name. */
const GLOB = /[*?[{]/;

/** Whether a text is a pattern rather than a name. */
export function isGlob(text: string): boolean {
  return GLOB.test(text);
}

/** Names, exact or as globs: `get*`, `{create,delete}*`. */
export class NamePatterns {
  private readonly names: ReadonlySet<string>;
  private readonly globs: readonly ((name: string) => boolean)[];

  constructor(patterns: readonly string[]) {
    this.names = new Set(patterns);
    this.globs = patterns.filter(isGlob).map((pattern) => picomatch(pattern, { dot: true, windows: false }));
  }

  fits(name: string): boolean {
    return this.names.has(name) || this.globs.some((glob) => glob(name));
  }
}

/** Ends of paths of a subtree: `/x/**` is /x and all below it, whatever characters /x has. */
const SUBTREE = '/**';

/** Paths of znodes: exact, `/x/**` for a subtree and its root, or globs in which a `*` stays within one part. */
export class PathPatterns {
  private readonly names: ReadonlySet<string>;
  private readonly roots: readonly string[];
  private readonly globs: readonly ((path: string) => boolean)[];

  constructor(patterns: readonly string[]) {
    this.names = new Set(patterns);
    const rootOf = (pattern: string): string | null =>
      pattern.endsWith(SUBTREE) && !isGlob(pattern.slice(0, -3)) ? pattern.slice(0, -3) : null;
    this.roots = patterns.map(rootOf).filter((root) => root !== null);
    this.globs = patterns
      .filter((pattern) => isGlob(pattern) && rootOf(pattern) === null)
      .map((pattern) => picomatch(pattern, { dot: true, windows: false }));
  }

  fits(path: string): boolean {
    if (this.names.has(path)) return true;
    for (const root of this.roots) if (path === root || root === '' || path.startsWith(`${root}/`)) return true;
    return this.globs.some((glob) => glob(path));
  }
}

/** A network such as `10.77.0.0/24` or `fd77::/64`; null where the text is none. */
export function network(text: string): { readonly ip: string; readonly bits: number; readonly family: Family } | null {
  const match = /^(.+)\/(\d{1,3})$/.exec(text);
  const [, ip = '', digits = ''] = match ?? [];
  const version = isIP(ip);
  const bits = Number(digits);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return null;
  return { ip, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

type Family = 'ipv4' | 'ipv6';

const PORT = /^\d+$/;

/** The host of an `ip:port` or `[ip]:port`; another text as it is. */
export function hostOf(address: string): string {
  if (address.startsWith('[')) {
    const end = address.indexOf(']');
    return end < 0 ? address : address.slice(1, end);
  }
  const colon = address.indexOf(':');
  return colon >= 0 && PORT.test(address.slice(colon + 1)) ? address.slice(0, colon) : address;
}

/** Addresses: `ip`, `ip:port`, or a network. */
export class AddressPatterns {
  private readonly names: ReadonlySet<string>;
  private readonly networks: BlockList | null;
  private readonly known = new WeakMap<Endpoint, boolean>();

  constructor(patterns: readonly string[]) {
    this.names = new Set(patterns);
    const networks = patterns.map(network).filter((found) => found !== null);
    this.networks = networks.length === 0 ? null : new BlockList();
    for (const { ip, bits, family } of networks) this.networks?.addSubnet(ip, bits, family);
  }

  fits(endpoint: Endpoint): boolean {
    let fits = this.known.get(endpoint);
    if (fits === undefined) {
      fits = this.names.has(endpoint.text) || this.host(endpoint.ip);
      this.known.set(endpoint, fits);
    }
    return fits;
  }

  /** The same of an address as text, with or without its port. */
  fitsText(address: string): boolean {
    return this.names.has(address) || this.host(hostOf(address));
  }

  private host(ip: string): boolean {
    if (this.names.has(ip)) return true;
    const version = isIP(ip);
    return this.networks !== null && version !== 0 && this.networks.check(ip, version === 4 ? 'ipv4' : 'ipv6');
  }
}
