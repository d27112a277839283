import { numberText } from '../../../../observations/words.js';
import type { FindingData, LaneData, ReportData } from '../../data.js';
import { gutter, RIGHT } from './plotArea.js';
import { COLOURS, serverClass } from './serverClass.js';
import { html, svg } from './dom.js';
import { clockText, digitsFor, spanText } from './format.js';
import type { TimeRange } from './range.js';

const FIRST = 14;
const HEIGHT = 28;
const BAR = 11;
const BAR_HEIGHT = 10;
const BANDS = 6;

/** One lane a session: where it was connected, when it was silent, what it was told, what it could not see. */
export class Lanes {
  readonly element = html('div', { class: 'lanes' });
  private readonly list = html('ol', { class: 'lane-list' });
  private readonly tip = html('div', { class: 'tip', hidden: true, role: 'tooltip' });
  private readonly more = html('button', { type: 'button', class: 'more' });
  private readonly rows: { lane: LaneData; row: HTMLElement; picture: SVGSVGElement }[] = [];
  private all = false;

  constructor(
    private readonly data: ReportData,
    private readonly range: TimeRange,
  ) {
    this.more.addEventListener('click', () => {
      this.showAll();
    });
    this.element.append(legend(data), patterns(), this.list, this.more, this.tip);
    if (data.lanesNote !== null) this.element.append(html('p', { class: 'note' }, data.lanesNote));
    range.onChange(() => {
      this.draw();
    });
  }

  showAll(): void {
    this.all = true;
    this.draw();
  }

  draw(): void {
    const lanes = this.all ? this.data.lanes : this.data.lanes.slice(0, FIRST);
    while (this.rows.length < lanes.length) this.add(lanes[this.rows.length]!);
    const left = this.data.lanes.length - lanes.length;
    this.more.hidden = left <= 0;
    this.more.textContent = `Show ${numberText(left)} more sessions`;
    const width = this.element.clientWidth;
    const plot = Math.max(60, width - gutter(width) - RIGHT);
    for (const { lane, picture } of this.rows) this.drawLane(lane, picture, plot);
  }

  private add(lane: LaneData): void {
    const label = html('div', { class: 'lane-label' }, html('code', {}, lane.client));
    for (const number of lane.findings.slice(0, BANDS)) {
      const finding = this.data.findings[number - 1];
      if (finding === undefined) continue;
      const link = html('a', { href: `#finding-${number}`, class: `badge ${finding.severity}` }, String(number));
      link.setAttribute('aria-label', `Finding ${number}: ${finding.title}`);
      label.append(' ', link);
    }
    label.append(html('small', {}, `${lane.session ?? 'session not captured'}, ${lane.end}`));
    const picture = svg('svg', { class: 'lane', role: 'img', height: HEIGHT, 'aria-label': this.describe(lane) });
    picture.addEventListener('pointermove', (event) => {
      this.hover(lane, picture, event);
    });
    picture.addEventListener('pointerleave', () => {
      this.tip.hidden = true;
    });
    const row = html('li', {}, label, picture);
    this.rows.push({ lane, row, picture });
    this.list.append(row);
  }

  private drawLane(lane: LaneData, picture: SVGSVGElement, width: number): void {
    const { from, to, span } = this.range;
    const x = (at: number): number => Math.round(((at - from) / span) * width * 10) / 10;
    /** Rectangles of one kind as one path; at least two pixels wide, so that nothing vanishes. */
    const boxes = (spans: readonly { from: number; to: number }[], y: number, height: number): string =>
      spans
        .filter((s) => s.to >= from && s.from <= to)
        .map((s) => {
          const start = Math.max(-2, Math.min(width, x(s.from)));
          const end = Math.max(start + 2, Math.min(width + 2, x(s.to)));
          return `M${start} ${y}H${end}V${y + height}H${start}Z`;
        })
        .join('');
    const ticks = (moments: readonly number[], draw: (x: number) => string): string => {
      const drawn = new Set(moments.filter((at) => at >= from && at <= to).map((at) => Math.round(x(at))));
      return [...drawn].map(draw).join('');
    };
    const shapes: SVGElement[] = [];
    const add = (className: string, d: string): void => {
      if (d !== '') shapes.push(svg('path', { class: className, d }));
    };
    const findings = this.findingsOf(lane);
    for (const severity of ['info', 'warning', 'error'])
      add(
        `band ${severity}`,
        boxes(
          findings.filter((finding) => finding.severity === severity),
          0,
          HEIGHT,
        ),
      );
    const servers = new Set(lane.connected.map(({ server }) => server));
    for (const server of servers)
      add(
        `connected ${serverClass(server)}`,
        boxes(
          lane.connected.filter((c) => c.server === server),
          BAR,
          BAR_HEIGHT,
        ),
      );
    add('pinging', boxes(lane.pinging, BAR + 3, BAR_HEIGHT - 6));
    add('silent', boxes(lane.silent, BAR, BAR_HEIGHT));
    add('waiting', boxes(lane.waiting, BAR - 1, BAR_HEIGHT + 2));
    add('stale', boxes(lane.stale, HEIGHT - 5, 4));
    add(
      'window',
      boxes(
        lane.windows.filter(({ changed }) => !changed),
        BAR - 2,
        BAR_HEIGHT + 4,
      ),
    );
    add(
      'window changed',
      boxes(
        lane.windows.filter(({ changed }) => changed),
        BAR - 2,
        BAR_HEIGHT + 4,
      ),
    );
    add(
      'hole',
      ticks(lane.holes, (at) => `M${at} 2V${HEIGHT - 2}`),
    );
    add(
      'event',
      ticks(
        lane.events.map(({ at }) => at),
        (at) => `M${at - 3} 1H${at + 3}L${at} 8Z`,
      ),
    );
    const ends = lane.connected.filter(({ end }) => end === 'rst').map((c) => c.to);
    add(
      'reset',
      ticks(ends, (at) => `M${at} ${BAR - 3}V${BAR + BAR_HEIGHT + 3}`),
    );
    const middle = BAR + BAR_HEIGHT / 2;
    if (lane.expired !== null)
      add(
        'expired',
        ticks(
          [lane.expired],
          (at) => `M${at - 5} ${middle - 5}L${at + 5} ${middle + 5}M${at + 5} ${middle - 5}L${at - 5} ${middle + 5}`,
        ),
      );
    if (lane.end === 'closed' && lane.endAt !== null)
      add(
        'closed',
        ticks([lane.endAt], (at) => `M${at} ${BAR - 3}V${BAR + BAR_HEIGHT + 3}`),
      );
    picture.setAttribute('width', String(width));
    picture.replaceChildren(...shapes);
  }

  private findingsOf(lane: LaneData): FindingData[] {
    return lane.findings
      .slice(0, BANDS)
      .map((number) => this.data.findings[number - 1])
      .filter((finding) => finding !== undefined);
  }

  private describe(lane: LaneData): string {
    const servers = [...new Set(lane.connected.map(({ server }) => this.server(server)))];
    const changed = lane.windows.filter((window) => window.changed).length;
    const digits = digitsFor(this.range.span);
    const parts = [
      `${lane.client}, session ${lane.session ?? 'not captured'}: connected to ${servers.join(', ')}`,
      lane.silent.length > 0
        ? `silent ${lane.silent
            .map((s) => spanText(s.to - s.from))
            .slice(0, 3)
            .join(', ')}`
        : '',
      lane.waiting.length > 0
        ? `waiting for an answer ${lane.waiting
            .map((s) => spanText(s.to - s.from))
            .slice(0, 3)
            .join(', ')}`
        : '',
      lane.pinging.length > 0 ? 'only pinging for a time' : '',
      lane.events.length > 0 ? `notified ${numberText(lane.events.reduce((sum, e) => sum + e.count, 0))} times` : '',
      changed > 0 ? `${changed} blind windows with a change` : '',
      lane.expired !== null ? `told at ${clockText(lane.expired, digits)} that it has expired` : '',
      lane.end,
    ];
    return parts.filter((part) => part !== '').join('; ');
  }

  private server(number: number): string {
    return this.data.servers[number] ?? 'another server';
  }

  /** Says what lies under the pointer. */
  private hover(lane: LaneData, picture: SVGSVGElement, event: PointerEvent): void {
    const box = picture.getBoundingClientRect();
    const { from, span } = this.range;
    const at = from + ((event.clientX - box.left) / box.width) * span;
    const near = (5 / box.width) * span;
    const within = (s: { from: number; to: number }): boolean => s.from - near <= at && at <= s.to + near;
    const lines = [`${clockText(at, digitsFor(span / 10))} ${this.data.zone}`];
    for (const c of lane.connected.filter(within).slice(0, 2)) lines.push(`connected to ${this.server(c.server)}`);
    for (const s of lane.silent.filter(within)) lines.push(`silent for ${spanText(s.to - s.from)}`);
    for (const s of lane.waiting.filter(within)) lines.push(`an answer was awaited for ${spanText(s.to - s.from)}`);
    for (const s of lane.pinging.filter(within)) lines.push(`nothing but pings for ${spanText(s.to - s.from)}`);
    for (const w of lane.windows.filter(within).slice(0, 2))
      lines.push(`blind window of ${spanText(w.to - w.from)}, frame ${w.frame}: ${w.text}`);
    for (const s of lane.stale.filter(within).slice(0, 1))
      lines.push(`older list in use for ${spanText(s.to - s.from)}`);
    for (const e of lane.events.filter((e) => Math.abs(e.at - at) <= near).slice(0, 3))
      lines.push(`${e.text}, frame ${e.frame}${e.count > 1 ? `, and ${e.count - 1} more` : ''}`);
    if (lane.expired !== null && Math.abs(lane.expired - at) <= near) lines.push('told that it has expired');
    this.tip.replaceChildren(...lines.map((line) => html('div', {}, line)));
    this.tip.hidden = false;
    const left = Math.min(event.clientX + 12, document.documentElement.clientWidth - this.tip.offsetWidth - 4);
    this.tip.style.left = `${Math.max(4, left)}px`;
    this.tip.style.top = `${event.clientY + 16}px`;
  }
}

/** What the marks mean, drawn as they are drawn in the lanes, and only those that there are. */
function legend({ servers, lanes }: ReportData): HTMLElement {
  const list = html('ul', { class: 'legend' });
  const add = (shape: SVGElement, text: string): void => {
    list.append(html('li', {}, svg('svg', { width: 18, height: 14, 'aria-hidden': 'true' }, shape), text));
  };
  const box = (className: string): SVGElement => svg('rect', { class: className, x: 1, y: 2, width: 16, height: 10 });
  const path = (className: string, d: string): SVGElement => svg('path', { class: className, d });
  for (const [i, server] of servers.slice(0, COLOURS).entries()) add(box(`connected ${serverClass(i)}`), server);
  if (servers.length > COLOURS)
    add(box('connected server-more'), `${numberText(servers.length - COLOURS)} more servers`);
  const any = (has: (lane: LaneData) => boolean): boolean => lanes.some(has);
  if (any((l) => l.pinging.length > 0))
    add(svg('g', {}, box('connected server-0'), path('pinging', 'M1 5H17V9H1Z')), 'only pings');
  if (any((l) => l.waiting.length > 0)) add(box('waiting'), 'an answer is awaited');
  if (any((l) => l.silent.length > 0)) add(box('silent'), 'silent: the client missed its pings');
  if (any((l) => l.events.length > 0)) add(path('event', 'M5 3H13L9 11Z'), 'watch fired');
  if (any((l) => l.windows.some((w) => w.changed))) add(box('window changed'), 'blind window, something changed in it');
  if (any((l) => l.windows.some((w) => !w.changed))) add(box('window'), 'blind window, nothing changed');
  if (any((l) => l.stale.length > 0)) add(path('stale', 'M1 5H17V9H1Z'), 'an older list in use');
  if (any((l) => l.expired !== null)) add(path('expired', 'M4 2L14 12M14 2L4 12'), 'told that it has expired');
  if (any((l) => l.end === 'closed')) add(path('closed', 'M9 1V13'), 'closed');
  if (any((l) => l.connected.some((c) => c.end === 'rst'))) add(path('reset', 'M9 1V13'), 'connection reset');
  if (any((l) => l.holes.length > 0)) add(path('hole', 'M9 1V13'), 'bytes not captured');
  return list;
}

/** The hatching, once for all lanes. */
function patterns(): SVGElement {
  const hatch = (id: string): SVGElement =>
    svg(
      'pattern',
      { id, width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('rect', { class: 'ground', width: 5, height: 5 }),
      svg('rect', { class: 'stroke', width: 2.2, height: 5 }),
    );
  return svg(
    'svg',
    { class: 'patterns', width: 0, height: 0, 'aria-hidden': 'true' },
    svg('defs', {}, hatch('hatch'), hatch('hatch-changed'), hatch('hatch-waiting')),
  );
}
