import { CaptureReader, type CaptureReaderOptions } from './observations/captureReader.js';
import { KeyLogFile } from './protocols/tls/keys/keyLogFile.js';
import { KeyStore } from './protocols/tls/keys/keyStore.js';
import type { CaptureInput } from './observations/inputs.js';
import type { DecodedGap, DecodedMessage } from './report/decode/types.js';
import { sinkOf } from './observations/forward.js';
import { gapRecord, messageRecord } from './observations/record.js';
import { Analysis, type AnalysisOptions } from './rules/analysis.js';
import { analyzeDocument } from './report/analyze/build.js';
import type { AnalyzeDocument } from './report/analyze/document.js';

export { CaptureError, type CaptureInput } from './observations/inputs.js';
export { RuleOptionError } from './rules/options.js';
export type { AnalyzeDocument, FindingEntry, SessionEntry } from './report/analyze/document.js';
export type { AclRecord, DecodedGap, DecodedMessage, OperationRecord, StatRecord } from './report/decode/types.js';

export interface ReadOptions {
  /** Server ports that carry ZooKeeper whatever their bytes look like, beside 2181. */
  readonly ports?: readonly number[];
  /** Key logs (SSLKEYLOGFILE) that TLS is decrypted with: paths, or what is in them. Those in captures need no naming. */
  readonly tlsKeys?: readonly (string | Buffer)[];
  readonly signal?: AbortSignal;
}

export interface DecodeOptions extends ReadOptions {
  /** Payload bytes too (base64 under `data`). Credentials are never given. */
  readonly data?: boolean;
}

/** Something to await, and what ends the waiting. */
function gate(): { readonly wait: () => Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  return {
    wait: () =>
      new Promise((resolve) => {
        open = resolve;
      }),
    open: () => {
      open();
    },
  };
}

/**
 * Every message of captures (paths, `-` for standard input, or streams), in the order in which they were completed, and
 * the gaps between them: the same objects that `zkscope decode --json` prints. Reading keeps pace with the consumer.
 * Throws CaptureError where a capture cannot be read at all.
 */
export async function* decode(
  captures: CaptureInput | readonly CaptureInput[],
  options: DecodeOptions = {},
): AsyncGenerator<DecodedMessage | DecodedGap, void, undefined> {
  let queue: (DecodedMessage | DecodedGap)[] = [];
  const record = { data: options.data === true };
  const filled = gate();
  const emptied = gate();
  const abandoned = new AbortController();
  const reader: CaptureReader = new CaptureReader(
    list(captures),
    sinkOf({
      message: (message, connection) => {
        queue.push(messageRecord(message, connection, reader.clock, record) as unknown as DecodedMessage);
      },
      gap: (gap, connection) => {
        queue.push(gapRecord(gap, connection, reader.clock) as unknown as DecodedGap);
      },
    }),
    readerOptions(options),
  );
  const state: { done: boolean; failure: unknown } = { done: false, failure: undefined };
  const pause = async (): Promise<void> => {
    if (queue.length === 0 || abandoned.signal.aborted) return;
    filled.open();
    await emptied.wait();
  };
  const signal = options.signal === undefined ? abandoned.signal : AbortSignal.any([abandoned.signal, options.signal]);
  const reading = reader
    .read(pause, signal)
    .catch((error: unknown) => {
      state.failure = error;
    })
    .finally(() => {
      state.done = true;
      filled.open();
    });
  try {
    while (!state.done || queue.length > 0) {
      if (queue.length === 0) {
        await filled.wait();
        continue;
      }
      const ready = queue;
      queue = [];
      yield* ready;
      emptied.open();
    }
    if (state.failure !== undefined) throw state.failure as Error;
  } finally {
    abandoned.abort();
    queue = [];
    emptied.open();
    await reading;
  }
}

/** What happened and what went wrong in captures: the document that `zkscope analyze --json` prints. */
export async function analyze(
  captures: CaptureInput | readonly CaptureInput[],
  options: ReadOptions & AnalysisOptions & { readonly version?: string } = {},
): Promise<AnalyzeDocument> {
  const analysis = new Analysis(options);
  const reader = new CaptureReader(list(captures), analysis.sink, readerOptions(options));
  await reader.read(undefined, options.signal);
  analysis.end(reader.last.time);
  return analyzeDocument(analysis, reader.captures, reader.clock, options.version);
}

function readerOptions({ ports, tlsKeys }: ReadOptions): CaptureReaderOptions {
  const keys = new KeyStore();
  for (const source of tlsKeys ?? []) {
    if (typeof source === 'string') new KeyLogFile(source, keys);
    else keys.add(source);
  }
  return { zookeeperPorts: ports ?? [], tlsKeys: keys };
}

function list(captures: CaptureInput | readonly CaptureInput[]): readonly CaptureInput[] {
  return Array.isArray(captures) ? (captures as readonly CaptureInput[]) : [captures as CaptureInput];
}
