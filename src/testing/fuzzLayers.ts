import { writePcap, type Packet } from './captureFile.js';
import { writePcapng } from './pcapngFile.js';
import { flipped, mutated, retransmitted, snapped, swapped, thinned } from './lossRewriting.js';
import { buildTcp, parseTcp } from './packets.js';
import type { Random } from './random.js';
import { LINK_VARIANTS, STREAM_VARIANTS } from './variants.js';

/** How fuzzing damages captures: at every layer. */

export interface Layer {
  readonly name: string;
  damage(packets: readonly Packet[], random: Random): Buffer;
}

export const LAYERS: readonly Layer[] = [
  { name: 'container, pcap', damage: (packets, random) => flipped(writePcap(packets), random, 1 + random.below(20)) },
  {
    name: 'container, pcapng',
    damage: (packets, random) => flipped(writePcapng(packets), random, 1 + random.below(20)),
  },
  {
    name: 'cut',
    damage: (packets, random) => {
      const file = writePcap(packets);
      return file.subarray(0, random.below(file.length));
    },
  },
  {
    name: 'cut, pcapng',
    damage: (packets, random) => {
      const file = writePcapng(packets);
      return file.subarray(0, random.below(file.length));
    },
  },
  { name: 'frames', damage: (packets, random) => writePcap(mutated(packets, random, 1 + random.below(60))) },
  {
    name: 'link layer',
    damage: (packets, random) =>
      writePcap(mutated(random.pick(Object.values(LINK_VARIANTS))(packets), random, 1 + random.below(40))),
  },
  {
    name: 'segments',
    damage: (packets, random) =>
      writePcap(mutated(random.pick(Object.values(STREAM_VARIANTS))(packets), random, 1 + random.below(40))),
  },
  {
    name: 'loss',
    damage: (packets, random) =>
      writePcap(thinned(swapped(packets, { seed: random.below(1e9) }), random.below(1e9), random.next() / 2)),
  },
  {
    name: 'snap length',
    damage: (packets, random) => writePcap(snapped(retransmitted(packets, random.below(1e9)), 40 + random.below(160))),
  },
  { name: 'records', damage: (packets, random) => writePcap(packets.map((packet) => falsified(packet, random))) },
  { name: 'names', damage: (packets, random) => writePcap(renamed(packets, random)) },
];

const LENGTHS = [
  0, 1, 7, 8, 15, 16, 0x7fffffff, 0x80000000, 0xffffffff, 0x00ffffff, 0x08000000, 0x47455420, 0x16030100,
];

/** Puts a length or count that lies where one may stand in a ZooKeeper message: 4 bytes aligned to nothing in the payload. */
function falsified(packet: Packet, random: Random): Packet {
  const payload = 66;
  if (packet.data.length < payload + 8 || random.next() > 0.05) return packet;
  const data = Buffer.from(packet.data);
  const at = payload + random.below(Math.min(64, data.length - payload - 4));
  data.writeUInt32BE(random.pick(LENGTHS), at);
  return { ...packet, data };
}

/** What a stranger may call things: what moves a terminal's cursor, hides or reorders text, or ends what a text stands in. */
const HOSTILE = [
  ...['\u001b[2J\u001b[H', '\u001b]0;x\u0007', '\u009b31m', '\u202egpj', '\u2066x\u2069', '\u00ad', '\u200b\u2028'],
  ...[
    '\u180e\u115f\u3164',
    '\ufe0f',
    '\u206a\u206f',
    '\ufeff',
    '\ud834\udd73',
    '\udb40\udc41',
    '\r\n\n',
    '\u0000',
    '\u007f',
  ],
  ...[
    '<script>',
    '"&\'>',
    '--!>',
    ']]>',
    '`|*_',
    '"},{"',
    '\t',
    '中文',
    '\ud83d\udc69\u200d\ud83d\udd2c',
    '%n%s',
    '=1+1',
    '../../x',
  ],
].map((text) => Buffer.from(text));
const BROKEN = Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80]);

/** Writes such texts over what is text in payloads, as long as it was: paths, data, host names, four-letter answers. */
function renamed(packets: readonly Packet[], random: Random): Packet[] {
  const chosen = Array.from({ length: 3 }, () => (random.chance(0.1) ? BROKEN : random.pick(HOSTILE)));
  return packets.map((packet) => {
    const tcp = parseTcp(packet);
    if (tcp === undefined) return packet;
    const payload = Buffer.from(tcp.payload);
    let changed = false;
    for (const { index, 0: text } of payload.toString('latin1').matchAll(/[A-Za-z][\w.-]{2,}/g)) {
      const hostile = chosen[(text.charCodeAt(0) + text.length) % chosen.length]!;
      if (hostile.length > text.length || text.charCodeAt(1) % 3 !== 0) continue;
      changed = true;
      hostile.copy(payload, index);
    }
    return changed ? buildTcp({ ...tcp, payload }) : packet;
  });
}
