import { randomBytes } from 'node:crypto';
import { Command } from 'commander';
import { plural } from '../../observations/words.js';
import { printable } from '../../report/text/escape.js';
import type { ServerPort } from '../../protocols/router.js';
import { version } from '../version.js';
import { serverPort } from '../options/captureOptions.js';
import { oneHost } from '../options/oneHost.js';
import { say } from '../present.js';
import { InterruptedError } from '../usage.js';

interface AnonymizeCommandOptions {
  readonly output: string;
  readonly key?: string;
  readonly port?: ServerPort[];
}

/** `zkscope anonymize`: a capture that names nobody. */
export function anonymizeCommand(): Command {
  return new Command('anonymize')
    .description('write a capture that can be given away: names, data, credentials and addresses are others')
    .argument('<capture...>', 'capture files (pcap, pcapng; plain, gzip, zstd), in any order; - for standard input')
    .option('-o, --output <file>', 'where to write it; - (and without this option) for standard output', '-')
    .option('--key <text>', 'the same key replaces alike another time; keep it secret (default: one that nobody knows)')
    .option(
      '--port <port>',
      'server port that carries ZooKeeper, or 20022=zab, =election, =etcd (repeatable)',
      serverPort,
    )
    .action(async (captures: string[], options: AnonymizeCommandOptions) => {
      await run(captures, options);
    });
}

async function run(captures: string[], { output, key, port = [] }: AnonymizeCommandOptions): Promise<void> {
  const [{ checkTarget, writeTo }, { anonymize }, { onInterrupt }, { Progress }, { anonymizedText }] =
    await Promise.all([
      import('../terminal/captureTarget.js'),
      import('../../export/anonymize/anonymizer.js'),
      import('../terminal/interrupt.js'),
      import('../terminal/progress.js'),
      import('../../export/anonymize/said.js'),
    ]);
  oneHost(captures, 'anonymize');
  checkTarget(output, captures);
  const progress = new Progress();
  const interrupt = onInterrupt();
  try {
    await writeTo(output, async (target) => {
      const result = await anonymize(
        captures,
        target,
        {
          key: key ?? randomBytes(32).toString('hex'),
          ports: port,
          program: `zkscope ${version()}`,
          onProgress: (read, total) => {
            progress.update(read, total);
          },
        },
        target.signal === null ? interrupt.signal : AbortSignal.any([interrupt.signal, target.signal]),
      );
      progress.stop();
      if (interrupt.by !== null) throw new InterruptedError(interrupt.by, `interrupted: ${output} was not written`);
      const where = output === '-' ? 'written' : printable(output);
      say([`${where}: ${plural(result.packets, 'packet')}`, ...anonymizedText(result)]);
      return true;
    });
  } finally {
    progress.stop();
    interrupt.release();
  }
}
