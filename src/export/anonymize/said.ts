import { numberText, plural } from '../../observations/words.js';
import type { Anonymized } from './anonymizer.js';

/** What was replaced, zeroed and kept, one part each, and what is wrong with the captures. */
export function anonymizedText(result: Anonymized): string[] {
  const { addresses, names, keptNames, data, credentials, texts, payload, zeroed, captures } = result;
  const share = payload === 0 ? '' : ` (${((zeroed / payload) * 100).toFixed(1)} % of the payload)`;
  const places = [`names in ${plural(names, 'place')}`, `data in ${numberText(data)}`];
  places.push(`credentials in ${numberText(credentials)}`, `other text in ${numberText(texts)}`);
  return [
    `replaced: ${plural(addresses, 'address', 'addresses')}, ${places.join(', ')}`,
    `zeroed, since it was not understood or is encrypted: ${plural(zeroed, 'byte')}${share}`,
    `kept: lengths, times, ports, sessions, zxids and other numbers, ZooKeeper's own names in ${plural(keptNames, 'place')}`,
    ...captures.flatMap(({ problems }) => problems),
  ];
}
