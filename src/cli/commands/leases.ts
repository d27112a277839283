import { plural } from '../../observations/words.js';
import { Command, Option } from 'commander';
import { LeaseTable } from '../../model/neighbours/leases.js';
import { sinkOf } from '../../observations/forward.js';
import { type LeasesDocument, leasesDocument } from '../../report/leases/document.js';
import { withCaptures, type CaptureOptions } from '../options/captureOptions.js';
import { withFormats } from '../options/formatOptions.js';
import { rowCount } from '../options/numbers.js';
import type { Reading } from '../reading/run.js';
import { show, type Setting, type DocumentView } from '../view.js';

interface LeasesOptions extends CaptureOptions {
  readonly top: number;
}

const TOP = 50;

/** `zkscope leases`: renewals of etcd leases. */
export function leasesCommand(): Command {
  return withFormats(
    withCaptures(
      new Command('leases').description('renewals of etcd leases: how many, how often, by whom, since when'),
    ),
  )
    .addOption(
      new Option('--top <n>', 'rows of the table, the busiest leases first; 0 for all')
        .argParser(rowCount)
        .default(TOP),
    )
    .action(async (captures: string[], options: LeasesOptions) => {
      await show(captures, options, (setting) => view(options, setting));
    });
}

function view({ top }: LeasesOptions, { clock, filter }: Setting): DocumentView<LeasesDocument> {
  const table = new LeaseTable();
  return {
    sink: sinkOf({
      message: (message, connection) => {
        if (message.protocol === 'etcd' && filter?.message(message, connection) !== false)
          table.message(message, connection);
      },
    }),
    lossesApart: true,
    document: ({ interrupted }) => {
      table.end();
      return leasesDocument(table, clock, interrupted !== null);
    },
    text: async (document, style) =>
      (await import('../../report/leases/text.js')).leasesText(document, { ...style, top }),
    empty: ({ renewals, grpcRenewals }, reading) => (renewals + grpcRenewals > 0 ? null : nothingFound(reading)),
    nothingFound,
  };
}

function nothingFound({ captures, connections }: Reading): string {
  const packets = captures.reduce((sum, capture) => sum + capture.packets, 0);
  const seen = `${plural(packets, 'packet')}, ${plural(connections, 'TCP connection')}`;
  return `no renewals of etcd leases found (${seen}); etcd is looked for on ports 2379 and 2380`;
}
