import type { IpHeader } from './headers.js';
import type { OutputFrame } from './output.js';
import { Rewriting } from './rewriting.js';

/** Nanoseconds after which missing fragments are not waited for any more, and datagrams that are remembered. */
const MAX_AGE = 30e9;
const MOST = 1024;

/** Fragments of one datagram: what is rewritten of the whole is cut into pieces again. */
class FragmentGroup {
  rewriting: Rewriting | null = null;
  private readonly copies: ((whole: Rewriting) => void)[] = [];
  private readonly givenUp: (() => void)[] = [];

  constructor(readonly time: number) {}

  /** @param at where the payload stands in the frame @param from where in the datagram */
  add(frame: OutputFrame, out: Buffer, at: number, from: number, length: number): void {
    frame.open++;
    let open = true;
    const release = (): void => {
      if (open) frame.open--;
      open = false;
    };
    const copy = (whole: Rewriting): void => {
      whole.whenDone(() => {
        whole.out.copy(out, at, from, Math.min(from + length, whole.out.length));
        release();
      });
    };
    if (this.rewriting !== null) copy(this.rewriting);
    else {
      this.copies.push(copy);
      this.givenUp.push(release);
    }
  }

  /** The datagram is whole: `length` bytes of it are to be rewritten. */
  begin(length: number): Rewriting {
    const whole = new Rewriting(Buffer.alloc(length), 0);
    this.rewriting = whole;
    for (const copy of this.copies.splice(0)) copy(whole);
    return whole;
  }

  /** It will never be whole. */
  giveUp(): void {
    for (const release of this.givenUp.splice(0)) release();
  }
}

/** Datagrams in fragments that are under way, and those that were whole of late, for fragments captured twice. */
export class FragmentGroups {
  private readonly groups = new Map<string, FragmentGroup>();

  /**
   * Takes the fragment behind an IP header.
   * @param repeated it brought nothing new
   */
  add(header: IpHeader, frame: OutputFrame, into: Rewriting, repeated: boolean, time: number): FragmentGroup {
    const { key, fragment } = header;
    let group = this.groups.get(key);
    if (group === undefined || (group.rewriting !== null && !repeated)) {
      group?.giveUp();
      group = new FragmentGroup(time);
      this.groups.delete(key);
      this.groups.set(key, group);
      this.forget(time);
    }
    group.add(frame, into.out, fragment.at, fragment.from, fragment.length);
    return group;
  }

  end(): void {
    for (const group of this.groups.values()) group.giveUp();
    this.groups.clear();
  }

  private forget(time: number): void {
    for (const [key, group] of this.groups) {
      if (this.groups.size <= MOST && time - group.time <= MAX_AGE) return;
      group.giveUp();
      this.groups.delete(key);
    }
  }
}
