import { durationText, numberText, plural } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import Table from 'cli-table3';
import { BARE } from '../text/bareTable.js';
import type { LeaseEntry, LeasesDocument } from './document.js';
import { wrap } from '../text/wrap.js';

export interface LeasesTextOptions {
  readonly colour: ChalkInstance;
  /** Of the times in the document. */
  readonly zone?: string;
  /** Columns of the terminal. */
  readonly width: number;
  /** Rows of the table; the busiest leases come first. */
  readonly top: number;
}

const MAX_ADDRESSES = 2;

/** `zkscope leases` for people: totals, one row a lease, and what is wrong. */
export function leasesText(document: LeasesDocument, options: LeasesTextOptions): string {
  const { colour, width } = options;
  const parts = [colour.bold(wrap(totals(document), width))];
  if (document.leases.length > 0) parts.push(table(document, options));
  const judgement = verdict(document);
  if (judgement !== null) parts.push(colour.bold(wrap(judgement, width)));
  return `${parts.join('\n\n')}\n`;
}

function totals(document: LeasesDocument): string {
  const { renewals, grpcRenewals, leases, statuses, guessedRenewals, timeToLiveRequests, withoutLease } = document;
  const sentences = [
    `${plural(leases.length, 'lease')}: ${plural(renewals, 'POST /leases', 'POST /leases')} between members, ${plural(grpcRenewals, 'LeaseKeepAlive message')} of clients.`,
  ];
  const answers = Object.entries(statuses).map(([status, count]) => `${numberText(count)} × ${status}`);
  if (answers.length > 0) sentences.push(`Answers to POST /leases: ${answers.join(', ')}.`);
  if (timeToLiveRequests > 0)
    sentences.push(`${plural(timeToLiveRequests, 'LeaseTimeToLive request')} between members renewed nothing.`);
  if (guessedRenewals > 0) {
    sentences.push(
      `${numberText(guessedRenewals)} of the clients' messages are known by their shape only: the start of their connections was not captured.`,
    );
  }
  if (withoutLease > 0) sentences.push(`Of ${numberText(withoutLease)} POST /leases the lease is not known.`);
  return sentences.join(' ');
}

/** Times of one day are enough to tell the rows apart; the day stands in the heading. */
const clockOf = (time: string): string => time.slice(11, 23);

function row(lease: LeaseEntry, { colour }: LeasesTextOptions): string[] {
  const span = (seconds: number | null): string => (seconds === null ? '-' : durationText(seconds));
  const from = lease.clients.length > 0 ? lease.clients : lease.senders;
  const more = from.length > MAX_ADDRESSES ? ` +${from.length - MAX_ADDRESSES}` : '';
  const often = lease.timesTooOften === null ? '-' : `${lease.timesTooOften.toFixed(1)}×`;
  return [
    lease.id,
    lease.hex,
    lease.ttls.length === 0 ? '-' : lease.ttls.map((ttl) => `${ttl} s`).join(','),
    numberText(lease.renewals),
    numberText(lease.grpcRenewals),
    span(lease.minInterval),
    span(lease.medianInterval),
    span(lease.maxInterval),
    lease.storm ? colour.red(often) : often,
    from.slice(0, MAX_ADDRESSES).join(',') + more,
    clockOf(lease.first),
    clockOf(lease.last),
    lease.onset === null ? '-' : colour.red(clockOf(lease.onset)),
  ];
}

function table(document: LeasesDocument, options: LeasesTextOptions): string {
  const { colour, top, zone = 'UTC' } = options;
  const head = [
    'Lease',
    'hex',
    'TTL',
    'POSTs',
    'gRPC',
    'min',
    'median',
    'max',
    'vs TTL/3',
    'from',
    `first (${document.leases[0]!.first.slice(0, 10)} ${zone})`,
    'last',
    'onset',
  ];
  const result = new Table({
    head,
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colAligns: head.map((name) => (['hex', 'from'].includes(name) ? 'left' : 'right')),
  });
  const busiest = [...document.leases].sort(
    (a, b) => b.renewals + b.grpcRenewals - (a.renewals + a.grpcRenewals) || (a.first < b.first ? -1 : 1),
  );
  result.push(...busiest.slice(0, top).map((lease) => row(lease, options)));
  const [first = '', ...rest] = result
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  const lines = [colour.bold(first), ...rest];
  if (busiest.length > top) {
    lines.push(colour.dim(`… and ${plural(busiest.length - top, 'more lease')}: --top 0 shows all, --json has all`));
  }
  return lines.join('\n');
}

function verdict({ leases }: LeasesDocument): string | null {
  const storms = leases.filter((lease) => lease.storm);
  if (storms.length === 0) {
    const judged = leases.filter((lease) => lease.timesTooOften !== null).length;
    return judged === 0 ? null : 'No lease is renewed far more often than every TTL/3.';
  }
  const changed = storms.filter((lease) => lease.onset !== null).map((lease) => lease.onset!);
  const when =
    changed.length === 0
      ? 'from their first renewal in the capture on'
      : `${changed.length < storms.length ? `${changed.length} of them ` : ''}since ${changed.sort()[0]!}`;
  return `${plural(storms.length, 'lease is', 'leases are')} renewed far more often than every TTL/3, ${when}: zkscope rules lease-renewal-storm explains it.`;
}
