import { numberText } from '../../../../observations/words.js';
import type { FindingData, LadderRowData } from '../../data.js';
import { html } from './dom.js';
import { timeOfDay } from '../../../text/timeOfDay.js';
import { spanText } from './format.js';

/** The evidence as a ladder: a line a frame, with an arrow from whoever sent it to whoever got it. */
export function ladder(finding: FindingData): HTMLElement | null {
  const rows = finding.ladder;
  const evidence = rows.filter((row) => row.kind === 'evidence');
  const [first] = evidence;
  if (first === undefined) return null;
  const pairs = new Set(evidence.map((row) => `${row.client ?? ''} ${row.server ?? ''}`));
  const single = pairs.size === 1 && first.client !== null;
  const body = html('tbody');
  let before: number | null = null;
  for (const row of rows) {
    body.append(ladderRow(row, first, before, single));
    if (row.kind === 'evidence') before = row.at;
  }
  const head = html(
    'tr',
    {},
    html('th', { scope: 'col' }, 'Frame'),
    html('th', { scope: 'col' }, 'Time, UTC'),
    html(
      'th',
      { scope: 'col', class: 'sides' },
      html('span', { class: 'side' }, single ? `Client ${first.client}` : 'Client'),
      html('span', { class: 'side' }, single ? `Server ${first.server ?? ''}` : 'Server'),
    ),
  );
  return html(
    'table',
    { class: 'ladder' },
    html('caption', { class: 'offscreen' }, `Frames that prove finding ${finding.number}`),
    html('thead', {}, head),
    body,
  );
}

function ladderRow(row: LadderRowData, first: LadderRowData, before: number | null, single: boolean): HTMLElement {
  const time = html('td', { class: 'time' }, html('time', { datetime: row.time }, timeOfDay(row.time)));
  if (row.kind === 'omitted')
    return html(
      'tr',
      { class: 'omitted' },
      html('td'),
      html('td'),
      html('td', { class: 'lines' }, html('span', { class: 'between' }, row.label)),
    );
  if (before !== null && row.kind === 'evidence' && row.at >= before)
    time.append(html('span', { class: 'delta' }, `+${spanText(row.at - before)}`));
  const stranger = row.client !== null && (row.client !== first.client || row.server !== first.server);
  const cell = html('td', { class: 'lines' });
  if ((stranger || !single) && row.client !== null)
    cell.append(
      html('span', { class: 'ends' }, `${row.client} ${row.direction === 'response' ? '←' : '→'} ${row.server ?? ''}`),
    );
  if (row.label !== '') cell.append(html('span', { class: 'label' }, row.label));
  cell.append(
    html('span', { class: `arrow ${row.direction ?? 'unknown'}`, role: 'img', 'aria-label': arrowName(row) }),
  );
  if (row.note !== '') cell.append(html('span', { class: 'note' }, row.note));
  return html(
    'tr',
    { class: `${row.kind}${stranger ? ' stranger' : ''}` },
    html('th', { scope: 'row', class: 'number' }, numberText(row.frame).replaceAll(',', '')),
    time,
    cell,
  );
}

function arrowName({ direction }: LadderRowData): string {
  if (direction === null) return 'direction not known';
  return direction === 'request' ? 'from the client to the server' : 'from the server to the client';
}
