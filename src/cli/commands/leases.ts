import { Chalk } from 'chalk';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Clock } from '../../capture/clock.js';
import { LeaseTable } from '../../model/neighbours/leases.js';
import { isFiltering, MessageFilter } from '../../observations/filter.js';
import { leasesDocument } from '../../report/leases/document.js';
import { plural } from '../../report/text/plural.js';
import { filterOptions, withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { colourLevel, terminalWidth } from '../terminal/colour.js';
import { Output } from '../terminal/output.js';
import { lossParts, runCaptures, type Run } from '../run.js';

interface LeasesOptions extends CaptureOptions {
  readonly json?: boolean;
  readonly top: number;
}

const TOP = 50;

function rows(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError('a number of rows, 0 for all.');
  const number = Number(value);
  return number === 0 ? Infinity : number;
}

/** `zkscope leases`: renewals of etcd leases. */
export function leasesCommand(): Command {
  return withCaptures(
    new Command('leases').description('renewals of etcd leases: how many, how often, by whom, since when'),
  )
    .option('--json', 'one JSON document (zkscope schema leases describes it)')
    .addOption(
      new Option('--top <n>', 'rows of the table, the busiest leases first; 0 for all').argParser(rows).default(TOP),
    )
    .action(async (captures: string[], options: LeasesOptions) => {
      await leases(captures, options);
    });
}

async function leases(captures: string[], options: LeasesOptions): Promise<void> {
  const clock = new Clock();
  const output = new Output();
  const table = new LeaseTable();
  const wanted = filterOptions(options);
  const filter = isFiltering(wanted) ? new MessageFilter(wanted, clock) : null;
  const none = (): void => undefined;
  const run = await runCaptures(
    captures,
    {
      message: (message) => {
        if (message.protocol === 'etcd' && filter?.message(message) !== false) table.message(message);
      },
      gap: none,
      connectionOpened: none,
      connectionClosed: none,
    },
    { ports: options.port ?? [], clock, output },
  );
  table.end();
  const document = leasesDocument(table, clock);
  if (options.json === true) output.write(`${JSON.stringify(document, null, 2)}\n`);
  else if (document.renewals + document.grpcRenewals > 0) {
    const { leasesText } = await import('../../report/leases/text.js');
    const colour = new Chalk({ level: colourLevel() });
    output.write(leasesText(document, { colour, width: terminalWidth(), top: options.top }));
  }
  await output.drain();
  if (!output.closed) reportMissing(run, document.renewals + document.grpcRenewals);
}

/** What was not decoded, and where nothing was found, what was looked at. */
function reportMissing(run: Run, renewals: number): void {
  const parts = lossParts(run);
  if (renewals === 0) {
    const packets = run.reader.captures.reduce((sum, capture) => sum + capture.packets, 0);
    const seen = `${plural(packets, 'packet')}, ${plural(run.reader.tcp.count, 'TCP connection')}`;
    parts.unshift(`no renewals of etcd leases found (${seen}); etcd is looked for on ports 2379 and 2380`);
  }
  if (parts.length > 0) process.stderr.write(`zkscope: ${renewals === 0 ? '' : 'not decoded: '}${parts.join('; ')}\n`);
}
