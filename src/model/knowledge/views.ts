import type { View } from './view.js';

/**
 * What sessions have watched and read, one view a session and path.
 * @bound views
 */
const MAX_VIEWS = 100_000;

/** Views of all sessions together, in the order in which they were made. Bounded: beyond `limit` the oldest is forgotten. */
export class Views {
  /** Stands before the oldest and behind the newest. */
  private readonly ends: ViewLink = new ViewLink();
  size = 0;
  forgotten = 0;

  constructor(private readonly limit = MAX_VIEWS) {}

  add(view: View): void {
    view.link.insertBefore(this.ends, this);
    this.size++;
    if (this.size <= this.limit) return;
    const oldest = this.ends.next.view;
    oldest?.session.forgetView(oldest);
  }

  /** Views of znodes that were forgotten: nothing more is noted of them. */
  forgetAbandoned(): void {
    for (let link = this.ends.next; link !== this.ends;) {
      const { view, next } = link;
      if (view?.znode.abandoned === true) view.session.forgetView(view);
      link = next;
    }
  }
}

/** A view's place among all views; taking it out costs the same however many there are. */
export class ViewLink {
  next: ViewLink = this;
  before: ViewLink = this;
  private list: Views | null = null;

  /** @param view none at the ends */
  constructor(readonly view: View | null = null) {}

  /** Its view is one of those that are kept. */
  get attached(): boolean {
    return this.list !== null;
  }

  insertBefore(other: ViewLink, list: Views): void {
    this.list = list;
    this.before = other.before;
    this.next = other;
    other.before.next = this;
    other.before = this;
  }

  /** @param forgotten it goes before its session has ended */
  remove(forgotten: boolean): void {
    if (this.list === null) return;
    this.list.size--;
    if (forgotten) this.list.forgotten++;
    this.list = null;
    this.before.next = this.next;
    this.next.before = this.before;
    this.next = this.before = this;
    this.view?.leave();
  }
}
