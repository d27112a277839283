import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anonymized } from '../../testing/anonymized.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { fixture } from '../../testing/analyseCapture.js';
import { readCapture, writePcap, type Packet } from '../../testing/captureFile.js';
import { LAYERS } from '../../testing/fuzzLayers.js';
import { Random } from '../../testing/random.js';
import { connectRequest, connectResponse } from '../../testing/zookeeperBytes.js';

/** What nobody may find in what is written: no number of any protocol looks like it. */
const MARKER = Buffer.from('SeCrEt~MaRkEr#qZ', 'latin1');
const WINDOW = 8;

/** Whether any eight bytes of the marker stand in a text of bytes. */
function leaks(bytes: Buffer): boolean {
  for (let at = 0; at + WINDOW <= MARKER.length; at++)
    if (bytes.includes(MARKER.subarray(at, at + WINDOW))) return true;
  return false;
}

/** A capture whose every text is the marker, in every place where a client or server can put text. */
const PLANTED = [
  'protocol/every-opcode.pcap',
  'incidents/sidecar-drop.pcap',
  'quorum/leader-killed.pcap.gz',
  'etcd/lease-storm-mid.pcap.gz',
].map((name) => ({ name, packets: planted(readCapture(fixture(name)).slice(0, 600)) }));

/** Packets with runs of text in their payload overwritten by the marker: what stands around it stays as it is. */
function planted(packets: readonly Packet[]): Packet[] {
  return packets.map((packet) => {
    const data = Buffer.from(packet.data);
    let start = -1;
    for (let at = 54; at <= data.length; at++) {
      const text = at < data.length && data[at]! >= 0x20 && data[at]! < 0x7f && data[at] !== 0x2f;
      if (text && start < 0) start = at;
      if (text || start < 0) continue;
      if (at - start >= WINDOW) for (let i = start; i < at; i++) data[i] = MARKER[(i - start) % MARKER.length]!;
      start = -1;
    }
    return { ...packet, data };
  });
}

describe('what is planted in a capture', () => {
  for (const { name, packets } of PLANTED) {
    it(`${name}: never comes through, whatever is damaged`, async () => {
      expect(leaks(writePcap(packets))).toBe(true);
      expect(leaks(await anonymized(writePcap(packets)))).toBe(false);
      for (let seed = 1; seed <= 4; seed++) {
        for (const { name: layer, ...how } of LAYERS) {
          const random = new Random(seed);
          const damaged = how.damage(packets.slice(0, 150), random);
          let plain = damaged;
          if (damaged[0] === 0x1f) {
            try {
              plain = gunzipSync(damaged);
            } catch {
              continue;
            }
          }
          const out = await anonymized(plain).catch(() => Buffer.alloc(0));
          expect(leaks(out), `${layer}, seed ${seed}`).toBe(false);
        }
      }
    });
  }

  it('in place of a whole message, on a port of ZooKeeper or any other, to the server or from it', async () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
    const message = fc.tuple(bytes, bytes, fc.boolean(), fc.nat(3)).map(([before, behind, framed, repeats]) => {
      const body = Buffer.concat([before, ...Array.from({ length: repeats + 1 }, () => MARKER), behind]);
      const length = Buffer.alloc(4);
      length.writeInt32BE(body.length);
      return framed ? Buffer.concat([length, body]) : body;
    });
    const port = fc.constantFrom(2181, 2888, 3888, 2379, 2380, 443, 53);
    await fc.assert(
      fc.asyncProperty(
        port,
        fc.boolean(),
        fc.array(fc.tuple(fc.boolean(), message), { maxLength: 6 }),
        async (to, shake, list) => {
          const builder = new CaptureBuilder();
          const connection = builder.connection({ client: '10.0.0.1:40000', server: `10.0.0.2:${to}` });
          connection.handshake();
          if (shake) connection.client(connectRequest()).server(connectResponse(0x1234n));
          for (const [toServer, text] of list) {
            if (toServer) connection.client(text);
            else connection.server(text);
          }
          expect(leaks(await anonymized(builder.toPcap()))).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });
});
