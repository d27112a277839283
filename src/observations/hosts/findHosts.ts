import { BufferPool } from '../../capture/byteSource.js';
import { OpenCapture } from '../../capture/captureInput.js';
import { Clock } from '../../capture/clock.js';
import { splitHost } from '../../capture/hosts.js';
import { CaptureReader, type CaptureReaderOptions } from '../captureReader.js';
import type { CaptureInput } from '../inputs.js';
import { offsetRanges } from './estimate.js';
import { SightedPairs } from './pairs.js';
import { Sightings } from './sightings.js';

const LOOK = 64 * 1024;

/**
 * Finds out which hosts the inputs are of: those that `NAME=FILE` says, and those that the lines of journals name. Streams
 * without a name belong to the first. Throws CaptureError where an input cannot be read.
 */
export async function findHosts(inputs: readonly CaptureInput[], clock: Clock): Promise<void> {
  if (inputs.length < 2) return;
  for (const input of inputs) {
    if (typeof input !== 'string' || input === '-') continue;
    const host = splitHost(input).host ?? (/ndjson|json/.test(input) ? await firstHost(input) : null);
    if (host !== null) clock.hosts.add(input, host);
  }
}

/** The host that the first line of a journal names; null where it names none, or is no journal. */
async function firstHost(input: string): Promise<string | null> {
  const capture = new OpenCapture(input);
  await capture.examine();
  if (!capture.reopenable) return null;
  try {
    await capture.open(new Clock(), new BufferPool(LOOK));
    const host = (await capture.advance()) ? capture.frame.line?.['host'] : null;
    return typeof host === 'string' ? host : null;
  } finally {
    await capture.close();
  }
}

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
  for (const [index, host] of hosts.names.entries()) {
    const seen = new Sightings();
    sightings.push(seen);
    const its = inputs.filter((input) => typeof input === 'string' && input !== '-' && hosts.indexOf(input) === index);
    for (const input of its) if (typeof input === 'string') common.hosts.add(input, host);
    common.hosts.set(host, hosts.clockOf(host) ?? { offset: 0, uncertainty: null, given: false });
    if (its.length === 0) continue;
    const reader = new CaptureReader(its, seen.sink, { ...options, clock: common, onSegment: seen.segments.segment });
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

function middle({ least, most }: { readonly least: number; readonly most: number }): {
  readonly offset: number;
  readonly uncertainty: number | null;
  readonly given: false;
} {
  // What may be right is left alone; of what is known on one side only, as little as possible is changed.
  const known = Number.isFinite(least) && Number.isFinite(most);
  const offset = least <= 0 && most >= 0 ? 0 : known ? (least + most) / 2 : least > 0 ? least : most;
  const uncertainty = known ? Math.max(most - offset, offset - least) : null;
  return { offset: Math.round(offset / 1e3) * 1e3, uncertainty, given: false };
}
