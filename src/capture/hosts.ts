import { existsSync } from 'node:fs';
import { MOST_HOSTS, nameOfHost, type InputPart } from './inputPart.js';

/** Frames of a host, where hosts are met one after the other in one stream: those of the first are numbered as they are. */
const FRAMES_OF_HOST = 2 ** 40;
const NAMED = /^([A-Za-z0-9][A-Za-z0-9._-]{0,252})=(.+)$/;

/** How far a host's clock is from that of the first host, in nanoseconds. */
export interface ClockOffset {
  /** What is added to its times. */
  readonly offset: number;
  /** The offset is right to so much; null where nothing is known of it. */
  readonly uncertainty: number | null;
  /** It was given by whoever runs the program. */
  readonly given: boolean;
  /** What should have been added, where lines of a stream, which is read once, could not be set right. */
  readonly estimate?: number;
}

/** Where the time of a request went, in nanoseconds: known where both ends of its connection were captured. */
export interface LatencyParts {
  readonly wayThere: number;
  readonly inServer: number;
  readonly wayBack: number;
}

/** What became of one direction of a connection between the sender's point of capture and the receiver's. */
export interface LostBetween {
  /** Segments that were seen at the sender's and not at the receiver's, as they were sent again. */
  readonly segments: number;
  readonly bytes: number;
  /** Bytes that must have passed a point whose capture does not have them. */
  readonly notCaptured: number;
}

/** A connection that was captured at both ends: the names of the hosts, and what was lost between them. */
export interface BothEnds {
  /** Where the client's end was captured, and the server's. */
  readonly near: string;
  readonly far: string;
  /** Null where it is not known: lines of journals do not say which bytes a segment held. */
  readonly toServer: LostBetween | null;
  readonly toClient: LostBetween | null;
}

/** Connections that were captured at both ends. */
export interface CapturedPairs {
  /** Place of the host at the client's end, by the addresses of both ends in any order; null where one end was captured. */
  nearEnd(one: string, other: string): number | null;
  /** Null where one of the four moments was not captured. */
  parts(client: string, server: string, xid: number): LatencyParts | null;
  /**
   * Null where one end was captured.
   * @param nth which of the connections with payload between these ends, in order of time, from 0
   */
  bothEnds(client: string, server: string, nth: number): BothEnds | null;
}

/** `zk1=FILE` names the host on which FILE was captured; a file that is really called so is meant itself. */
export function splitHost(input: string): { readonly host: string | null; readonly path: string } {
  const match = NAMED.exec(input);
  return match === null || existsSync(input) ? { host: null, path: input } : { host: match[1]!, path: match[2]! };
}

/**
 * The hosts on which the inputs of a run were captured. With two and more, frames are numbered by host, and each frame's
 * number says which host it is of.
 */
export class Hosts {
  /** In the order in which they were named. */
  readonly names: string[] = [];
  /** Null where no connection was captured at both ends. */
  pairs: CapturedPairs | null = null;
  /** The lines of one stream say whose they are: nobody knew before. */
  inLines = false;
  private readonly byInput = new Map<string, number>();
  private readonly parts = new Map<string, readonly InputPart[]>();
  private readonly clocks = new Map<string, ClockOffset>();

  /** There are several, and frames are numbered by host. */
  get several(): boolean {
    return this.names.length > 1;
  }

  /** An input (by the name that it was given by) was captured on this host. */
  add(input: string, host: string): void {
    let index = this.names.indexOf(host);
    if (index < 0) index = this.names.length < MOST_HOSTS ? this.names.push(host) - 1 : MOST_HOSTS - 1;
    this.byInput.set(input, index);
  }

  /** An input holds what was captured on these hosts, in this order: each part is read as an input of its own. */
  split(input: string, hosts: readonly string[]): void {
    const parts = hosts.map((host, i) => ({ name: `${host}=${input}`, path: input, host, nameless: i === 0 }));
    this.parts.set(input, parts);
    for (const { name, host } of parts) this.add(name, host);
  }

  /** Inputs in whose place their parts stand, where they hold several hosts'. */
  withParts<Input>(inputs: readonly Input[]): (Input | InputPart)[] {
    return inputs.flatMap((input): readonly (Input | InputPart)[] => {
      const parts = typeof input === 'string' ? this.parts.get(input) : undefined;
      return parts ?? [input];
    });
  }

  /** Place of the host that a decoded line says it is of, where nobody has named any. */
  ofLine(named: string): number {
    this.inLines = true;
    const host = nameOfHost(named);
    const index = this.names.indexOf(host);
    if (index >= 0) return index;
    return this.names.length < MOST_HOSTS ? this.names.push(host) - 1 : MOST_HOSTS - 1;
  }

  /** Place of an input's host among the names: the first where none was named. */
  indexOf(input: string): number {
    return this.byInput.get(input) ?? 0;
  }

  set(host: string, clock: ClockOffset): void {
    this.clocks.set(host, clock);
  }

  /** Null where nobody has said or found out anything. */
  clockOf(host: string): ClockOffset | null {
    return this.clocks.get(host) ?? null;
  }

  /** Those whose clocks were given. */
  given(): string[] {
    return [...this.clocks].filter(([, { given }]) => given).map(([host]) => host);
  }

  /** Nanoseconds to be added to the times of an input. */
  offsetOf(input: string): number {
    const host = this.names[this.indexOf(input)];
    return host === undefined ? 0 : (this.clocks.get(host)?.offset ?? 0);
  }

  /** Number, in the run, of frame `local` of a host. */
  number(index: number, local: number): number {
    if (this.inLines) return index * FRAMES_OF_HOST + local;
    return this.several ? local * MOST_HOSTS + index : local;
  }

  /** Place of the host of a frame by its number in the run. */
  indexOfFrame(frame: number): number {
    if (this.inLines) return Math.floor(frame / FRAMES_OF_HOST);
    return this.several ? frame % MOST_HOSTS : 0;
  }

  /** Whether what a host captured of a connection counts: of one that was captured at both ends only the client's does. */
  counts(index: number, one: string, other: string): boolean {
    const near = this.pairs?.nearEnd(one, other) ?? null;
    return near === null || near === index;
  }

  /** The host of a frame by its number in the run; null with one host. */
  hostOf(frame: number): string | null {
    return this.several ? (this.names[this.indexOfFrame(frame)] ?? null) : null;
  }

  /** The number of a frame on its host. */
  local(frame: number): number {
    if (this.inLines) return frame % FRAMES_OF_HOST;
    return this.several ? Math.floor(frame / MOST_HOSTS) : frame;
  }
}
