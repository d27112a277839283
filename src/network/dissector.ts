import type { Frame } from '../capture/frame.js';
import type { FragmentOptions } from './fragments.js';
import { Fragments } from './fragments.js';
import { ipv4, ipv6 } from './ip.js';
import { ethernet, linkLayer } from './linkLayer.js';
import type { PacketCounts } from './packet.js';
import { ETHERNET, GRE, IPV4, IPV6, NOTHING, Packet, TCP, UDP } from './packet.js';
import type { Problem } from './problems.js';
import type { Segment } from './segment.js';
import { tcpHeader } from './tcpHeader.js';
import { gre, udp } from './tunnels.js';

export interface DissectorOptions {
  readonly fragments?: FragmentOptions;
}

/**
 * Takes frames apart down to TCP. Each TCP segment, under whatever link layer, tags, tunnels and fragments, is handed to
 * the callback; the object is reused and valid, with the bytes under it, until the callback returns. Whatever the bytes
 * are, nothing is thrown: what cannot be read is counted by kind, with the first frame of each kind.
 */
export class Dissector {
  private readonly onSegment: (segment: Segment) => void;
  private readonly packet = new Packet();
  private readonly fragments: Fragments;

  constructor(onSegment: (segment: Segment) => void, options: DissectorOptions = {}) {
    this.onSegment = onSegment;
    this.fragments = new Fragments(options.fragments);
  }

  get counts(): Readonly<PacketCounts> {
    return this.packet.counts;
  }

  /** What could not be read, by kind, in order of first frame. */
  problems(): Problem[] {
    return this.packet.problems.list();
  }

  frame(frame: Frame): void {
    const packet = this.packet;
    packet.take(frame);
    packet.counts.frames++;
    let layer = linkLayer(packet, frame.linkType);
    while (layer !== NOTHING) {
      switch (layer) {
        case ETHERNET:
          layer = ethernet(packet);
          break;
        case IPV4:
        case IPV6:
          if (!packet.descend()) return;
          layer = layer === IPV4 ? ipv4(packet, this.fragments) : ipv6(packet, this.fragments);
          break;
        case UDP:
          layer = udp(packet);
          break;
        case GRE:
          layer = gre(packet);
          break;
        case TCP:
          if (tcpHeader(packet)) {
            packet.counts.segments++;
            this.onSegment(packet.segment);
          }
          return;
      }
    }
  }

  /** Nothing more will come: fragments that still wait for others are counted as lost. */
  end(): void {
    this.fragments.end(this.packet);
  }
}
