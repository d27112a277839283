import type { FindingData } from '../../data.js';
import { html } from './dom.js';
import { gutter, RIGHT } from './plotArea.js';
import type { TimeRange } from './range.js';

/** Buttons at most, rows of them, and pixels of one. */
const MARKERS = 60;
const ROWS = 4;
const SIZE = 26;

/** A row of numbered buttons above the charts, each where its finding began. */
export class FindingMarkers {
  readonly element = html('div', { class: 'markers', role: 'group', 'aria-label': 'Findings on the timeline' });
  private readonly buttons: { finding: FindingData; button: HTMLButtonElement }[];

  constructor(
    findings: readonly FindingData[],
    private readonly range: TimeRange,
    open: (finding: FindingData) => void,
  ) {
    this.buttons = findings.slice(0, MARKERS).map((finding) => {
      const button = html(
        'button',
        { type: 'button', class: `badge ${finding.severity}`, title: finding.title },
        String(finding.number),
      );
      button.setAttribute('aria-label', `Finding ${finding.number}: ${finding.title}`);
      button.addEventListener('click', () => {
        open(finding);
      });
      return { finding, button };
    });
    this.element.append(...this.buttons.map(({ button }) => button));
    range.onChange(() => {
      this.draw();
    });
  }

  /** Puts each button at its place; where they would lie upon each other, in rows. */
  draw(): void {
    const width = this.element.clientWidth;
    const left = gutter(width);
    const plot = width - left - RIGHT;
    const ends: number[] = [];
    const order = [...this.buttons].sort((a, b) => a.finding.from - b.finding.from);
    for (const { finding, button } of order) {
      const share = (finding.from - this.range.from) / this.range.span;
      const visible = finding.to >= this.range.from && share <= 1;
      button.hidden = !visible;
      if (!visible) continue;
      const x = left + Math.max(0, Math.min(1, share)) * plot;
      let row = ends.findIndex((end) => end <= x);
      if (row < 0) row = ends.length < ROWS ? ends.length : ROWS - 1;
      ends[row] = x + SIZE;
      button.style.left = `${Math.max(0, Math.min(x - SIZE / 2, width - SIZE))}px`;
      button.style.top = `${row * (SIZE + 2)}px`;
    }
    this.element.style.height = `${this.buttons.length === 0 ? 0 : Math.max(1, ends.length) * (SIZE + 2)}px`;
  }
}
