import { Command, InvalidArgumentError, Option } from 'commander';
import { parseHexDump, type HexDump } from '../../paste/dump/hexDump.js';
import { pastedPacket } from '../../paste/packet.js';
import { pastedRuns, type PastedRun } from '../../paste/stream.js';
import { annotate } from '../../paste/explain/annotate.js';
import type { MessageDirection } from '../../paste/explain/candidates.js';
import { opNames } from '../../protocols/zookeeper/format/opcodes.js';
import { hexDocument, type HexReading } from '../../paste/report/document.js';
import { hexText } from '../../paste/report/text.js';
import { withFormats } from '../options/formatOptions.js';
import { didYouMean } from '../../observations/nearest.js';
import { shortNames } from '../../report/text/shortNames.js';
import { present } from '../present.js';
import { readTexts, type NamedText } from '../reading/hexInput.js';
import { Output } from '../terminal/output.js';
import { UsageError } from '../usage.js';

interface HexOptions {
  readonly file?: string[];
  readonly request?: boolean;
  readonly response?: boolean;
  readonly port?: number[];
  readonly op?: string;
  readonly data?: boolean;
}

const ZOOKEEPER_PORT = 2181;
const STANDARD_INPUT = '-';

function port(value: string, before: number[] | undefined): number[] {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new InvalidArgumentError('a port is a number from 1 to 65535.');
  }
  return [...(before ?? []), number];
}

function file(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

function operation(value: string): string {
  const name = opNames.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
  if (name === undefined) {
    const hint = didYouMean(value, opNames) || `; the names are ${opNames.join(', ')}`;
    throw new InvalidArgumentError(`ZooKeeper has no such operation${hint}`);
  }
  return name;
}

/** `zkscope hex`: what the bytes mean that somebody pasted. */
export function hexCommand(): Command {
  return withFormats(new Command('hex'))
    .description('say what each field of a pasted hex dump means')
    .argument('[bytes...]', 'the dump itself; - (or nothing, without --file) reads standard input')
    .option('-f, --file <file>', 'read the dump from a file, - for standard input (repeatable)', file)
    .addOption(new Option('--request', 'the bytes were sent by a client').conflicts('response'))
    .option('--response', 'the bytes were sent by a server')
    .option('--port <port>', 'port of the server, where it is not 2181 (repeatable)', port)
    .addOption(
      new Option('--op <name>', 'operation that responses answer whose request is not in the dump').argParser(
        operation,
      ),
    )
    .option('--data', 'show payload bytes; credentials are never shown')
    .addHelpText(
      'after',
      `
Reads plain hexadecimal, \\x escapes, C arrays, base64, and the output of tcpdump -x/-X/-xx/-XX, Wireshark, tshark -x,
xxd and hexdump -C, with or without packet headers. Bytes masked as xx, XX, ?? or ** stay unknown.

  zkscope hex 00000008fffffffe0000000b
  tcpdump -r capture.pcap -X port 2181 | zkscope hex`,
    )
    .action(async (bytes: string[], options: HexOptions) => {
      await hex(bytes, options);
    });
}

async function hex(bytes: readonly string[], options: HexOptions): Promise<void> {
  if (bytes.length > 0 && options.file !== undefined) {
    throw new UsageError('give the dump either as arguments or with --file, not both');
  }
  const texts =
    bytes.length > 0 && !(bytes.length === 1 && bytes[0] === STANDARD_INPUT)
      ? [{ name: 'arguments', text: bytes.join(' ') }]
      : await readTexts(options.file ?? [STANDARD_INPUT]);
  const reading = readDumps(texts, options);
  const document = hexDocument(reading, { data: options.data === true });
  await present(document, { options, output: new Output(), text: (style) => hexText(shortNames(document), style) });
}

/** Everything from the texts to the messages. Throws UsageError where there is nothing in them that could be said. */
export function readDumps(texts: readonly NamedText[], options: HexOptions): HexReading {
  const dumps = texts.map(parsed);
  const packets = dumps.flatMap((dump) => dump.packets).map((packet, i) => pastedPacket(packet, i + 1));
  const { runs, repeated } = pastedRuns(packets);
  const inputs = runs.map((run) => ({ ...run, direction: directionOf(run, options) }));
  const annotated = annotate(inputs, { op: options.op ?? null });
  const said = annotated.some(({ messages }) => messages.some(({ kind, length }) => kind !== null || length !== null));
  const { format } = dumps[0]!;
  if (!said && !packets.some(({ headers }) => headers.length > 0)) throw new UsageError(nothingSaid(format, packets));
  return { format, packets, repeated, runs, annotated };
}

function parsed({ name, text }: NamedText): HexDump {
  const dump = parseHexDump(text);
  if (dump !== null) return dump;
  throw new UsageError(
    `${name}: no bytes found: this is no hexadecimal, no dump of tcpdump, Wireshark, xxd or hexdump`,
  );
}

function nothingSaid(format: string, packets: readonly { readonly packet: { readonly data: Buffered } }[]): string {
  if (format === 'base64') return 'no bytes found, and taken as base64 it is no ZooKeeper message either';
  const bytes = packets.reduce((sum, { packet }) => sum + packet.data.length, 0);
  const masked = packets.reduce((sum, { packet }) => sum + packet.data.maskedCount, 0);
  const read = `${bytes} byte${bytes === 1 ? '' : 's'} read`;
  if (masked > 0) return `${read}, ${masked} of them masked: too little is left to find a ZooKeeper message`;
  return `${read}, but no ZooKeeper message is in them: a message begins with its length in four bytes`;
}

interface Buffered {
  readonly length: number;
  readonly maskedCount: number;
}

function directionOf({ sourcePort, destinationPort }: PastedRun, options: HexOptions): MessageDirection | null {
  if (options.request === true) return 'request';
  if (options.response === true) return 'response';
  const ports = options.port ?? [ZOOKEEPER_PORT];
  const toServer = destinationPort !== null && ports.includes(destinationPort);
  const fromServer = sourcePort !== null && ports.includes(sourcePort);
  if (toServer === fromServer) return null;
  return toServer ? 'request' : 'response';
}
