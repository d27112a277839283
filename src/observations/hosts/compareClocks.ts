import { Clock } from '../../capture/clock.js';
import { CaptureReader, type CaptureReaderOptions } from '../captureReader.js';
import type { PartialInput } from '../../capture/captureInput.js';
import type { CaptureInput } from '../inputs.js';
import { middle, offsetRanges } from './estimate.js';
import { SightedPairs } from './pairs.js';
import { Sightings } from './sightings.js';

/**
 * Reads the inputs of each host once to find out how far their clocks are apart, and enters in `clock` what is to be
 * corrected. Clocks that were given, and those that may be right as they are, stay. Inputs that can be read only once are
 * not asked.
 */
export async function compareClocks(
  inputs: readonly CaptureInput[],
  clock: Clock,
  options: Omit<CaptureReaderOptions, 'clock'>,
): Promise<void> {
  const { hosts } = clock;
  const sightings: Sightings[] = [];
  const common = new Clock();
  const files = hosts.withParts<PartialInput>(inputs).flatMap((input) => fileOf(input) ?? []);
  for (const [index, host] of hosts.names.entries()) {
    const seen = new Sightings();
    sightings.push(seen);
    const its = files.filter(({ name }) => hosts.indexOf(name) === index);
    for (const { name } of its) common.hosts.add(name, host);
    common.hosts.set(host, hosts.clockOf(host) ?? { offset: 0, uncertainty: null, given: false });
    if (its.length === 0) continue;
    const reader = new CaptureReader(
      its.map(({ input }) => input),
      seen.sink,
      { ...options, clock: common, onSegment: seen.segments.segment },
    );
    await reader.read();
    const times = reader.captures.flatMap(({ from, to }) => (from === null || to === null ? [] : [from, to]));
    if (times.length > 0) seen.awake = { from: Math.min(...times), until: Math.max(...times) };
  }
  for (const [index, range] of offsetRanges(sightings).entries()) {
    const host = hosts.names[index]!;
    if (hosts.clockOf(host)?.given === true) continue;
    hosts.set(host, range === null ? { offset: 0, uncertainty: null, given: false } : middle(range));
  }
  const offsets = hosts.names.map((host) => hosts.clockOf(host)?.offset ?? 0);
  // Given clocks are in the times that were compared already.
  const left = hosts.names.map((host, i) => (hosts.clockOf(host)?.given === true ? 0 : offsets[i]!));
  const pairs = new SightedPairs(sightings, left, hosts.names);
  hosts.pairs = pairs.size > 0 ? pairs : null;
}

/** An input that can be read twice; null for any other. */
function fileOf(input: PartialInput): { readonly name: string; readonly input: PartialInput } | null {
  if (typeof input === 'string') return input === '-' ? null : { name: input, input };
  return 'path' in input ? { name: input.name, input } : null;
}
