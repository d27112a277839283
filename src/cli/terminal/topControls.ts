import type { ChalkInstance } from 'chalk';
import type { LiveTable } from '../../model/measures/liveTables.js';
import type { TopColumn, TopDocument } from '../../report/top/document.js';
import type { TopScreen } from '../../report/top/text.js';
import type { TimeZone } from '../../observations/inputs.js';
import { Screen } from './screen.js';

/** What the screen changes of the counting: its order, the depth of paths, and when a line of it is due. */
export interface Controlled {
  sort: TopColumn;
  depth: number | null;
  tick(): void;
}

export interface ControlOptions {
  readonly interval: number;
  readonly by: LiveTable;
  readonly sort: TopColumn;
  readonly depth?: number;
  readonly time?: TimeZone;
}

const TABLES: Readonly<Record<string, LiveTable>> = { o: 'op', c: 'client', p: 'path', s: 'server' };
const SORTS: Readonly<Record<string, TopColumn>> = {
  R: 'requests',
  E: 'errors',
  L: 'p99',
  B: 'bytes',
  N: 'notifications',
};

/** The screen of `zkscope top`: what it shows, and what keys change of it. */
export class TopControls {
  private document: TopDocument | null = null;
  private serving: string | null = null;
  private table: LiveTable;
  private depth: number | null;
  private filter: string | null = null;
  private typing = false;
  private paused = false;
  private help = false;
  private timer: NodeJS.Timeout | null = null;
  private readonly ending = new AbortController();
  private readonly screen: Screen;

  private constructor(
    private readonly live: Controlled,
    private readonly options: ControlOptions,
    private readonly colour: ChalkInstance,
    private readonly lines: (document: TopDocument, screen: TopScreen) => string[],
  ) {
    this.table = options.by;
    this.depth = options.depth ?? null;
    this.screen = new Screen(
      (text, name) => {
        this.key(text, name);
      },
      () => {
        this.draw();
      },
    );
  }

  static async make(live: Controlled, options: ControlOptions, colour: ChalkInstance): Promise<TopControls> {
    const { topScreen } = await import('../../report/top/text.js');
    return new TopControls(live, options, colour, topScreen);
  }

  /** Aborted when somebody has seen enough. */
  get ended(): AbortSignal {
    return this.ending.signal;
  }

  enter(): void {
    this.screen.enter();
    this.timer = setInterval(() => {
      this.live.tick();
    }, this.options.interval / 1e6);
  }

  show(document: TopDocument, serving: string | null): void {
    this.serving = serving;
    if (this.paused) return;
    this.document = document;
    this.draw();
  }

  /** Gives the terminal back; the last screen, so that it stays where one can read it. Empty the second time. */
  leave(): string[] {
    if (this.timer === null) return [];
    clearInterval(this.timer);
    this.timer = null;
    this.screen.leave();
    this.help = this.typing = this.paused = false;
    return this.document === null ? [] : this.text(this.document).slice(0, -1);
  }

  private text(document: TopDocument): string[] {
    const { colour, table, filter, typing, paused, help, serving } = this;
    const zone = this.options.time?.name ?? 'UTC';
    const { sort } = this.live;
    const state = { colour, table, sort, filter, typing, paused, help, serving, zone };
    return this.lines(document, { ...state, ...this.screen.size });
  }

  private draw(): void {
    if (this.document !== null) this.screen.draw(this.text(this.document));
  }

  private key(text: string, name: string): void {
    if (this.typing) this.typed(text, name);
    else if (text === 'q') this.ending.abort();
    else this.command(text, name);
    this.draw();
  }

  private typed(text: string, name: string): void {
    if (name === 'return' || name === 'enter') this.typing = false;
    else if (name === 'escape') {
      this.typing = false;
      this.filter = null;
    } else if (name === 'backspace') this.filter = (this.filter ?? '').slice(0, -1);
    else if (text.length === 1 && text >= ' ') this.filter = (this.filter ?? '') + text;
    if (!this.typing && this.filter === '') this.filter = null;
  }

  private command(text: string, name: string): void {
    const table = TABLES[text];
    const sort = SORTS[text];
    if (table !== undefined) this.table = table;
    else if (sort !== undefined) this.live.sort = sort;
    else if (text === '/') this.typing = true;
    else if (name === 'escape') this.filter = null;
    else if (text === 'h' || text === '?') this.help = !this.help;
    else if (name === 'space') this.paused = !this.paused;
    else if (text === '+' || text === '-') {
      this.depth = Math.max(1, (this.depth ?? 1) + (text === '+' ? 1 : -1));
      this.live.depth = this.depth;
    }
  }
}
