import { Readable } from 'node:stream';
import { anonymize, type Anonymized } from '../export/anonymize/anonymizer.js';

export const TEST_KEY = 'a key';

/** Anonymizes a capture; gives what is written, and what is told of it. */
export async function anonymizedWith(capture: Buffer, key = TEST_KEY): Promise<[bytes: Buffer, told: Anonymized]> {
  const parts: Buffer[] = [];
  const target = { write: (bytes: Buffer) => parts.push(bytes), drain: () => Promise.resolve(), signal: null };
  const input = { name: 'capture', stream: Readable.from([capture]) };
  const told = await anonymize([input], target, { key, ports: [], program: 'test' });
  return [Buffer.concat(parts), told];
}

/** Anonymizes a capture; gives what is written. */
export async function anonymized(capture: Buffer, key = TEST_KEY): Promise<Buffer> {
  return (await anonymizedWith(capture, key))[0];
}
