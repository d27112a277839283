import { closeSync, openSync, readSync, fstatSync } from 'node:fs';
import { Clock } from '../../../capture/clock.js';
import { Frame } from '../../../capture/frame.js';
import { isPcapng, PcapngReader } from '../../../capture/pcapng.js';

const CHUNK = 1024 * 1024;
const MAGIC_LENGTH = 4;

/**
 * Hands on the key logs of a pcapng file wherever in it they stand, before the reading has come there: a block of secrets
 * belongs before the packets that it opens, but may be written when the capture ends. Only plain files can be looked
 * through; of all else, and of a file that is damaged, it gives what can be had.
 */
export function readSecretsAhead(file: string, onSecrets: (bytes: Buffer) => void): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    // Whoever reads the capture says what is wrong with it.
    return;
  }
  try {
    if (!fstatSync(descriptor).isFile()) return;
    const chunk = Buffer.allocUnsafeSlow(CHUNK);
    const frame = new Frame();
    const reader = new PcapngReader(new Clock());
    reader.onSecrets = onSecrets;
    for (let offset = 0; ;) {
      const count = readSync(descriptor, chunk, 0, CHUNK, offset);
      if (count === 0 || (offset === 0 && (count < MAGIC_LENGTH || !isPcapng(chunk)))) return;
      offset += count;
      reader.push(chunk.subarray(0, count));
      while (reader.next(frame));
      if (reader.damage !== null) return;
    }
  } finally {
    closeSync(descriptor);
  }
}
