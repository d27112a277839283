import { timeOfDay } from '../../../text/timeOfDay.js';
import type { FindingData, LadderRowData } from '../../data.js';
import { spanText } from '../client/format.js';
import type { Make } from './make.js';

/** The evidence as a ladder: a line a frame, with an arrow from whoever sent it to whoever got it. */
export function ladder<N>(make: Make<N>, finding: FindingData, zone: string): N | null {
  const rows = finding.ladder;
  const evidence = rows.filter((row) => row.kind === 'evidence');
  const [first] = evidence;
  if (first === undefined) return null;
  const pairs = new Set(evidence.map((row) => `${row.client ?? ''} ${row.server ?? ''}`));
  const single = pairs.size === 1 && first.client !== null;
  const lines: N[] = [];
  let before: number | null = null;
  for (const row of rows) {
    lines.push(ladderRow(make, row, first, before, single));
    if (row.kind === 'evidence') before = row.at;
  }
  return make(
    'table',
    { class: 'ladder' },
    make('caption', { class: 'offscreen' }, `Frames that prove finding ${finding.number}`),
    make(
      'thead',
      {},
      make(
        'tr',
        {},
        make('th', { scope: 'col' }, 'Frame'),
        make('th', { scope: 'col' }, `Time, ${zone}`),
        make(
          'th',
          { scope: 'col', class: 'sides' },
          make('span', { class: 'side' }, single ? `Client ${first.client}` : 'Client'),
          make('span', { class: 'side' }, single ? `Server ${first.server ?? ''}` : 'Server'),
        ),
      ),
    ),
    make('tbody', {}, ...lines),
  );
}

function ladderRow<N>(
  make: Make<N>,
  row: LadderRowData,
  first: LadderRowData,
  before: number | null,
  single: boolean,
): N {
  if (row.kind === 'omitted')
    return make(
      'tr',
      { class: 'omitted' },
      make('td'),
      make('td'),
      make('td', { class: 'lines' }, make('span', { class: 'between' }, row.label)),
    );
  const delta =
    before !== null && row.kind === 'evidence' && row.at >= before
      ? make('span', { class: 'delta' }, `+${spanText(row.at - before)}`)
      : null;
  const stranger = row.client !== null && (row.client !== first.client || row.server !== first.server);
  const ends = (stranger || !single) && row.client !== null;
  return make(
    'tr',
    { class: `${row.kind}${stranger ? ' stranger' : ''}` },
    make('th', { scope: 'row', class: 'number' }, String(row.frame)),
    make('td', { class: 'time' }, make('time', { datetime: row.time }, timeOfDay(row.time)), delta),
    make(
      'td',
      { class: 'lines' },
      ends
        ? make(
            'span',
            { class: 'ends' },
            `${row.client} ${row.direction === 'response' ? '←' : '→'} ${row.server ?? ''}`,
          )
        : null,
      row.label === '' ? null : make('span', { class: 'label' }, row.label),
      make('span', { class: `arrow ${row.direction ?? 'unknown'}`, role: 'img', 'aria-label': arrowName(row) }),
      row.note === '' ? null : make('span', { class: 'note' }, row.note),
    ),
  );
}

function arrowName({ direction }: LadderRowData): string {
  if (direction === null) return 'direction not known';
  return direction === 'request' ? 'from the client to the server' : 'from the server to the client';
}
