/** `node bench/generate.js SHAPE [--packets N] > FILE`: a capture, made on the fly, the same in every run. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { fixture } from './generators/fixture.js';
import * as hostile from './generators/hostile.js';
import { Enough, PcapWriter } from './generators/pcapWriter.js';
import { dense, denseTls, idle, wide } from './generators/shapes.js';

export const HOSTILE = {
  'syn-flood': hostile.synFlood,
  'half-open': hostile.halfOpen,
  'mid-stream': hostile.midStream,
  gaps: hostile.gaps,
  'unacknowledged-gaps': hostile.unacknowledgedGaps,
  children: hostile.children,
  'child-list': hostile.childList,
  paths: hostile.paths,
  'paths-of-many': hostile.pathsOfMany,
  sessions: hostile.sessions,
  'sessions-of-one-host': hostile.sessionsOfOneHost,
  unanswered: hostile.unanswered,
  reversed: hostile.reversed,
  watchers: hostile.watchers,
  herd: hostile.herd,
  announced: hostile.announced,
  'long-paths': hostile.longPaths,
  'long-names': hostile.longNames,
  'longest-names': hostile.longestNames,
  'long-children': hostile.longChildren,
  reconnects: hostile.reconnects,
  'colliding-xids': hostile.collidingXids,
  doubts: hostile.doubts,
  'tls-handshakes': hostile.tlsHandshakes,
};
export const SHAPES = { fixture, dense, 'dense-tls': denseTls, idle, wide, ...HOSTILE };

/** Writes a capture of exactly `packets` packets to a file descriptor; returns its key log, empty where it is clear. */
export function generate(shape, packets, descriptor) {
  const writer = new PcapWriter(packets, (buffer) => writeFully(descriptor, buffer));
  try {
    SHAPES[shape](writer);
  } catch (error) {
    if (!(error instanceof Enough)) throw error;
  }
  writer.flush();
  return writer.keys;
}

/** Where the key log of a capture lies, if it has one. */
export function keyLogOf(path) {
  return `${path.replace(/\.part$/, '')}.keys`;
}

export function generateFile(shape, packets, path) {
  const descriptor = openSync(path, 'w');
  try {
    const keys = generate(shape, packets, descriptor);
    if (keys !== '') writeFileSync(keyLogOf(path), keys);
  } finally {
    closeSync(descriptor);
  }
}

function writeFully(descriptor, buffer) {
  let at = 0;
  while (at < buffer.length) {
    try {
      at += writeSync(descriptor, buffer, at);
    } catch (error) {
      // A pipe that is full; Atomics.wait sleeps without a loop of events.
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({
    options: { packets: { type: 'string', default: '1000000' } },
    allowPositionals: true,
  });
  const [shape = 'fixture'] = positionals;
  if (!Object.hasOwn(SHAPES, shape)) {
    console.error(`no shape ${shape}; there are ${Object.keys(SHAPES).join(', ')}`);
    process.exit(2);
  }
  try {
    generate(shape, Number(values.packets), process.stdout.fd);
  } catch (error) {
    if (error.code !== 'EPIPE') throw error;
  }
}
