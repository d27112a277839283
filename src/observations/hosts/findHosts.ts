import { basename } from 'node:path';
import { BufferPool } from '../../capture/byteSource.js';
import { CaptureError } from '../../capture/captureError.js';
import { OpenCapture } from '../../capture/captureInput.js';
import { Clock } from '../../capture/clock.js';
import { splitHost } from '../../capture/hosts.js';
import { compareNames } from '../../capture/nameOrder.js';
import { HostCensus, MOST_HOSTS, nameOfHost } from '../../capture/inputPart.js';
import type { CaptureInput } from '../inputs.js';

const LOOK = 64 * 1024;
const SCAN = 256 * 1024;

/** What hosts are told by where nobody has named them. */
export type HostsBy = 'file' | 'interface';

/**
 * Finds out which hosts the inputs are of: those that `NAME=FILE` says, those that the lines of journals name, and, where
 * that is asked for, those that files or interfaces are called by. What of a file is of several hosts is split. Streams
 * belong to the first. Throws CaptureError where an input cannot be read.
 */
export async function findHosts(inputs: readonly CaptureInput[], { hosts }: Clock, by: HostsBy | null): Promise<void> {
  const found = new Map<string, readonly string[]>();
  for (const input of inputs) {
    if (typeof input !== 'string' || input === '-') {
      if (by !== null) throw readOnce('-');
      continue;
    }
    const { host, path } = splitHost(input);
    found.set(input, host !== null ? [host] : await hostsIn(path, by));
  }
  for (const [input, names] of found) {
    if (names.length > 1) hosts.split(input, names);
    else if (names[0] !== undefined) hosts.add(input, names[0]);
  }
}

/** The hosts that lines of a journal name, or that interfaces are called by; none where a file is not told to be of any. */
async function hostsIn(path: string, by: HostsBy | null): Promise<readonly string[]> {
  const named =
    by === null ? [] : [nameOfHost(basename(path).replace(/(?:\.(?:pcapng|pcap|cap|ndjson|json|gz|zst))+$/, ''))];
  const look = new OpenCapture(path);
  await look.examine();
  if (!look.reopenable) {
    if (by === 'interface') throw readOnce(path);
    return named;
  }
  let lines: boolean;
  try {
    await look.open(new Clock(), new BufferPool(LOOK));
    lines = look.info.format?.startsWith('ndjson') === true;
    if (lines && ((await look.advance()) ? look.frame.line?.['host'] : null) === undefined) return named;
    if (!lines && (by !== 'interface' || look.info.format?.startsWith('pcapng') !== true)) return named;
  } finally {
    await look.close();
  }
  const { names, tooMany } = await census(path);
  // Lines of so many are told apart as they come, the last of them not at all.
  if (tooMany && lines) return named;
  if (tooMany)
    throw new CaptureError(path, `packets of more than ${MOST_HOSTS} interfaces are in it`, 'name its host: zk1=FILE');
  return names.size > 0 ? [...names].sort(compareNames) : named;
}

function readOnce(file: string): CaptureError {
  return new CaptureError(
    file,
    'it is read once, and hosts are looked for before (--hosts-by)',
    'write it to a file first',
  );
}

/** Reads a file to its end for the names of those whose lines or packets are in it, and for nothing else. */
async function census(path: string): Promise<HostCensus> {
  const found = new HostCensus();
  const capture = new OpenCapture(path);
  capture.census = found;
  await capture.examine();
  try {
    await capture.open(new Clock(), new BufferPool(SCAN));
    while (await capture.advance()) while (capture.next());
  } finally {
    await capture.close();
  }
  return found;
}
