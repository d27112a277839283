/**
 * The page's worker: the command line, run on the files that the page was given. What it asks of Node.js is answered by
 * system/ (scripts/page.js exchanges the modules).
 */
import { main } from '../cli/main.js';
import type { FromWorker, RunRequest, ToWorker } from './messages.js';
import { setFiles } from './system/files.js';
import process, { interrupt } from './system/process.js';
import { onProgress } from './system/progress.js';

const send = (message: FromWorker): void => {
  postMessage(message);
};

const PIECE = 1024 * 1024;

/** Output of a command, as much of it as was asked for; large parts become blobs at once, which need not be in memory. */
class Collected {
  private readonly parts: Blob[] = [];
  private waiting: Uint8Array<ArrayBuffer>[] = [];
  private waitingLength = 0;
  private length = 0;

  constructor(private readonly limit: number) {}

  /** False where it is more than was asked for. */
  add(chunk: string | Uint8Array): boolean {
    const bytes = typeof chunk === 'string' ? new TextEncoder().encode(chunk) : Uint8Array.from(chunk);
    this.waiting.push(bytes);
    this.waitingLength += bytes.length;
    this.length += bytes.length;
    if (this.waitingLength > PIECE) this.flush();
    return this.length <= this.limit;
  }

  private flush(): void {
    this.parts.push(new Blob(this.waiting));
    this.waiting = [];
    this.waitingLength = 0;
  }

  get blob(): Blob {
    this.flush();
    return new Blob(this.parts);
  }
}

async function run({ id, argv, columns, colour, limit }: RunRequest): Promise<void> {
  const output = new Collected(limit);
  let said = '';
  process.stdout.reset();
  process.stdout.take = (chunk) => output.add(chunk);
  process.stderr.take = (chunk) => {
    said += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  process.exitCode = undefined;
  // No configuration file is looked for.
  process.env = { COLUMNS: String(columns), ZKSCOPE_CONFIG: '', ...(colour ? {} : { NO_COLOR: '1' }) };
  onProgress((read, total) => {
    send({ kind: 'progress', id, read, total });
  });
  const status = await main(argv);
  send({ kind: 'done', id, status, output: output.blob, said });
}

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === 'files') setFiles(data.files);
  else if (data.kind === 'interrupt') interrupt();
  else void run(data);
});
