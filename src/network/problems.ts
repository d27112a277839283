/** Headers that a packet can be too short for. */
export type Header =
  | 'link layer'
  | 'VLAN'
  | 'MPLS'
  | 'PPP'
  | 'IPv4'
  | 'IPv6'
  | 'IPv6 extension'
  | 'authentication'
  | 'UDP'
  | 'VXLAN'
  | 'Geneve'
  | 'GRE'
  | 'ERSPAN'
  | 'TCP';

/** Why a packet, or part of it, could not be read: plain English that is printed as it stands. */
export type ProblemKind =
  | `${Header} header cut by the snap length`
  | `${Header} header incomplete`
  | `link type ${number} (${string}) not supported`
  | 'further link types not supported'
  | 'IPv4 version is not 4'
  | 'IPv6 version is not 6'
  | 'IPv4 header length below 20'
  | 'IPv4 total length shorter than the header'
  | 'IP length beyond the end of the frame'
  | 'TCP data offset below 20'
  | 'TCP data offset beyond the end of the packet'
  | 'UDP length below 8'
  | 'tunnels nested too deeply'
  | 'IP fragment empty or not a multiple of 8 bytes'
  | 'IP fragments beyond 65535 bytes or of contradictory length'
  | 'IP datagram lost: fragments missing'
  | 'IP datagram lost: too many fragments waiting'
  | 'encrypted by IPsec (ESP)';

export interface Problem {
  readonly kind: ProblemKind;
  /** Packets (for lost datagrams: datagrams). */
  readonly count: number;
  readonly firstFrame: number;
}

/**
 * Kinds that are told apart; the fixed ones are fewer, link types may be many in a damaged file.
 * @bound kinds
 */
const MAX_KINDS = 100;

/** Counts problems by kind, and keeps the first frame of each. */
export class Problems {
  private readonly byKind = new Map<ProblemKind, { count: number; firstFrame: number }>();

  add(kind: ProblemKind, frame: number): void {
    const known = this.byKind.get(kind);
    if (known) {
      known.count++;
      // A datagram is known to be lost only long after its first frame.
      if (frame < known.firstFrame) known.firstFrame = frame;
    } else if (this.byKind.size >= MAX_KINDS && kind.startsWith('link type')) {
      this.add('further link types not supported', frame);
    } else this.byKind.set(kind, { count: 1, firstFrame: frame });
  }

  count(kind: ProblemKind): number {
    return this.byKind.get(kind)?.count ?? 0;
  }

  /** In order of first frame. */
  list(): Problem[] {
    return [...this.byKind]
      .map(([kind, { count, firstFrame }]) => ({ kind, count, firstFrame }))
      .sort((a, b) => a.firstFrame - b.firstFrame);
  }
}
