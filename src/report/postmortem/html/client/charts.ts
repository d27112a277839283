import { numberText } from '../../../../observations/words.js';
import type { LevelData, ReportData } from '../../data.js';
import { colour, html } from './dom.js';
import { clockText, digitsFor, spanText } from './format.js';
import { panels, type Panel } from './panels.js';
import { gutter, RIGHT } from './plotArea.js';
import type { TimeRange } from './range.js';
import { stretchOf } from './stretch.js';

/** Points that are drawn at most: the level of buckets is chosen by it. */
const POINTS = 500;
/** A panel as it is drawn, and what says it in words. */
interface Drawn {
  readonly plot: uPlot;
  readonly panel: Panel;
  readonly figure: HTMLElement;
  readonly words: HTMLElement;
}

const INCREMENTS = [
  1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
  15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/** uPlot has it as a const enum, which bundlers do not see. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- there is no value of it at run time
const LOGARITHMIC = 3 as uPlot.Scale.Distr;

/** The powers of ten of a scale. */
function decades(plot: uPlot): number[] {
  const { min = 1e-6, max = 1 } = plot.scales['y'] ?? {};
  const [first, last] = [Math.ceil(Math.log10(min) - 1e-9), Math.floor(Math.log10(max) + 1e-9)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(`1e${first + i}`));
}

/** The charts of the timeline, one above the other, on one axis of time. */
export class Charts {
  readonly element = html('div', { class: 'charts' });
  private readonly readout = html('p', { class: 'readout', role: 'status' });
  private readonly plots: Drawn[] = [];

  constructor(
    private readonly data: ReportData,
    private readonly range: TimeRange,
  ) {
    range.onChange(() => {
      this.update();
    });
  }

  /** Draws everything anew: for the first time, in another width, or in other colours. */
  draw(): void {
    for (const { plot } of this.plots) plot.destroy();
    this.plots.length = 0;
    this.element.replaceChildren();
    const width = Math.floor(this.element.clientWidth);
    if (width === 0) return;
    const all = panels(this.data);
    for (const [i, panel] of all.entries()) {
      const caption = `chart-${i}`;
      const figure = html(
        'figure',
        { class: 'panel', 'aria-labelledby': caption },
        html('figcaption', { id: caption }, html('strong', {}, panel.title), ' ', html('span', {}, panel.unit)),
      );
      this.element.append(figure);
      const words = html('p', { class: 'offscreen' });
      figure.append(words);
      const last = i === all.length - 1;
      const plot = new uPlot(this.options(panel, width, last), this.columns(panel), figure);
      this.plots.push({ plot, panel, figure, words });
    }
    this.describe();
    this.element.append(this.readout);
    this.say(null);
  }

  /** Buckets that are drawn now: the finest that are not too many. */
  private get level(): LevelData {
    const { levels } = this.data;
    return levels.find(({ width }) => this.range.span / width <= POINTS) ?? levels.at(-1)!;
  }

  private columns(panel: Panel): uPlot.AlignedData {
    const { level } = this;
    const from = this.data.from!;
    const x = level.operations.map((_, i) => from + i * level.width);
    return [x, ...panel.values(level)];
  }

  private update(): void {
    for (const { plot, panel } of this.plots) plot.setData(this.columns(panel));
    this.describe();
    this.say(null);
  }

  /** What the pictures show, in words, for who does not see them: of the bars that are drawn now. */
  private describe(): void {
    const { level, range } = this;
    const start = this.data.from!;
    const shown = stretchOf(level, range.from - start, range.to - start);
    for (const { panel, figure, words } of this.plots) {
      const summary = panel.summary(shown);
      words.textContent = `${summary}, ${spanText(level.width)} wide.`;
      for (const canvas of figure.querySelectorAll('canvas')) {
        canvas.setAttribute('role', 'img');
        canvas.setAttribute('aria-label', summary);
      }
    }
  }

  private options(panel: Panel, width: number, last: boolean): uPlot.Options {
    const { range } = this;
    const text = colour('muted');
    const grid = { stroke: colour('grid'), width: 1 };
    const left = gutter(width);
    return {
      width,
      height: panel.height + (last ? 26 : 0),
      padding: [6, RIGHT, last ? 0 : 7, 0],
      legend: { show: false },
      scales: {
        x: { time: false, range: () => [range.from, range.to] },
        y:
          panel.log === true
            ? {
                distr: LOGARITHMIC,
                range: (_, min, max) => [10 ** Math.floor(Math.log10(Math.max(min, 1e-6))), Math.max(max, 1e-5) * 1.6],
              }
            : { range: (_, __, max) => [0, max > 0 ? max * 1.08 : 1] },
      },
      series: [{}, ...panel.series],
      axes: [
        {
          show: true,
          size: last ? 26 : 0,
          stroke: text,
          grid,
          ticks: { ...grid, size: last ? 5 : 0 },
          incrs: INCREMENTS,
          space: 90,
          values: (_, splits) =>
            last ? splits.map((at) => clockText(at, digitsFor(range.span / 4))) : splits.map(() => ''),
        },
        {
          size: left,
          gap: 4,
          stroke: text,
          grid,
          ticks: { ...grid, size: 4 },
          space: 26,
          ...(panel.log === true ? { splits: decades, filter: (_, splits) => splits } : {}),
          values: (_, splits) =>
            splits.map((value) => {
              if (panel.log === true) return panel.axis(value);
              return Number.isInteger(value) || panel.axis !== numberText ? panel.axis(value) : '';
            }),
        },
      ],
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: false, setScale: false },
        sync: { key: 'timeline' },
        bind: {
          dblclick: () => () => {
            range.reset();
            return null;
          },
        },
      },
      hooks: {
        drawClear: [
          (plot) => {
            this.bands(plot);
          },
        ],
        setCursor: [
          (plot) => {
            this.say(plot.cursor.idx ?? null);
          },
        ],
        setSelect: [
          (plot) => {
            const { left: start, width: length } = plot.select;
            if (length < 3) return;
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            range.set(plot.posToVal(start, 'x'), plot.posToVal(start + length, 'x'));
          },
        ],
      },
    };
  }

  /** The times of the findings, behind the data. */
  private bands(plot: uPlot): void {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    for (const severity of ['info', 'warning', 'error'] as const) {
      const found = this.data.findings.filter((finding) => finding.severity === severity);
      // One path for all of a kind: where they overlap it is not filled twice.
      const band = new Path2D();
      const starts = new Path2D();
      for (const finding of found) {
        const from = plot.valToPos(finding.from, 'x', true);
        const to = Math.max(plot.valToPos(finding.to, 'x', true), from + 2);
        band.rect(from, bbox.top, to - from, bbox.height);
        starts.rect(from, bbox.top, 1.5, bbox.height);
      }
      ctx.fillStyle = colour(`${severity}-band`);
      ctx.fill(band);
      ctx.fillStyle = colour(severity);
      ctx.fill(starts);
    }
    ctx.restore();
  }

  /** What the buckets under the cursor hold, or how wide they are. */
  private say(index: number | null): void {
    const { level, range } = this;
    if (index === null || index >= level.operations.length) {
      this.readout.textContent = `A bar is ${spanText(level.width)} wide. Shown: ${clockText(range.from, digitsFor(range.span))} to ${clockText(range.to, digitsFor(range.span))} ${this.data.zone}.`;
      return;
    }
    const at = this.data.from! + index * level.width;
    const p99 = level.p99[index] ?? null;
    this.readout.textContent =
      `${clockText(at, digitsFor(level.width * 50))} ${this.data.zone}, ${spanText(level.width)}: ` +
      `${numberText(level.operations[index]!)} operations, ${numberText(level.pings[index]!)} pings, ` +
      `${numberText(level.errors[index]!)} errors, ${numberText(level.notifications[index]!)} notifications, ` +
      `${numberText(level.waiting[index]!)} waiting, p99 ${p99 === null ? '–' : spanText(p99)}, ${numberText(level.sessions[index]!)} sessions`;
  }
}
