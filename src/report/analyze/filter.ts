import type { FilterOptions } from '../../observations/filter.js';
import { FilterTerms, type Patterns, Term } from '../../observations/filterTerms.js';
import type { Finding } from '../../rules/finding.js';
import { Instant, type DataValue } from '../../rules/finding.js';

const LARGE = 2 ** 32;

/** Frames whose messages passed a filter: one bit a frame. */
export class FrameSet {
  private bits = new Uint8Array(4096);
  /** Of hosts whose frames have larger numbers than one file can have, by what lies above. */
  private above: Map<number, FrameSet> | null = null;

  add(frame: number): void {
    if (frame >= LARGE) {
      const high = Math.floor(frame / LARGE);
      this.above ??= new Map();
      let set = this.above.get(high);
      if (set === undefined) this.above.set(high, (set = new FrameSet()));
      set.add(frame % LARGE);
      return;
    }
    const place = frame >>> 3;
    if (place >= this.bits.length) {
      const larger = new Uint8Array(Math.max(place + 1, this.bits.length * 2));
      larger.set(this.bits);
      this.bits = larger;
    }
    this.bits[place]! |= 1 << (frame & 7);
  }

  has(frame: number): boolean {
    if (frame >= LARGE) return this.above?.get(Math.floor(frame / LARGE))?.has(frame % LARGE) === true;
    return ((this.bits[frame >>> 3] ?? 0) & (1 << (frame & 7))) !== 0;
  }
}

/** All strings that a finding names, in its fields and its data. */
export function namedIn(finding: Finding): string[] {
  const found: string[] = [];
  const visit = (value: DataValue): void => {
    if (typeof value === 'string') found.push(value);
    else if (Array.isArray(value)) (value as readonly DataValue[]).forEach(visit);
    else if (typeof value === 'object' && value !== null && !(value instanceof Instant)) {
      Object.values(value as Record<string, DataValue>).forEach(visit);
    }
  };
  for (const value of [finding.client, finding.server, finding.session, finding.path])
    if (value !== undefined && value !== null) found.push(value);
  visit(finding.data);
  return found;
}

/**
 * Whether a finding is about what the common filters ask for: it names the client, server, session or path, its time
 * overlaps, and one of its frames holds a message that passes.
 * @param from,to bounds on the run's clock
 * @param passed frames with a message that passes the filter; null where no filter looks at messages
 */
export function findingPasses(
  finding: Finding,
  filter: FilterOptions,
  from: number | null,
  to: number | null,
  passed: FrameSet | null,
): boolean {
  if (from !== null && finding.to < from) return false;
  if (to !== null && finding.from > to) return false;
  const { frames } = filter;
  if (frames !== null && !finding.evidence.some(({ frame }) => frame >= frames[0] && frame <= frames[1])) return false;
  if (passed !== null && !finding.evidence.some(({ frame }) => passed.has(frame))) return false;
  const terms = new FilterTerms(filter, filter.not);
  const addresses = [inText(terms.clients), inText(terms.servers)] as const;
  const own = [finding.client, finding.server, finding.session, finding.path].map((text) => text ?? null);
  for (const [place, term] of [...addresses, terms.sessions, terms.paths].entries())
    if (own[place] != null && term.unwanted?.fits(own[place]) === true) return false;
  const named = namedIn(finding);
  const names = ({ wanted }: Term<Patterns<string>>): boolean =>
    wanted === null || named.some((text) => wanted.fits(text));
  return names(addresses[0]) && names(addresses[1]) && names(terms.sessions) && names(terms.paths);
}

/** Addresses as findings have them: texts. */
function inText({ wanted, unwanted }: FilterTerms['clients']): Term<Patterns<string>> {
  const of = (patterns: typeof wanted): Patterns<string> | null =>
    patterns === null ? null : { fits: (text) => patterns.fitsText(text) };
  return new Term(of(wanted), of(unwanted));
}
