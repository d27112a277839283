import type { FromWorker, RunResult, ToWorker } from '../messages.js';
import type { GivenFile } from '../system/files.js';

/** How a command is run. */
export interface RunOptions {
  readonly columns?: number;
  readonly colour?: boolean;
  readonly limit?: number;
  readonly onProgress?: (read: number, total: number | null) => void;
}

interface Waiting {
  readonly onProgress: (read: number, total: number | null) => void;
  readonly resolve: (result: RunResult | null) => void;
}

/** The program in a worker, one command at a time. A command that is given before the last has ended ends that one. */
export class Program {
  private worker: Worker | null = null;
  private files: readonly GivenFile[] = [];
  private waiting: Waiting | null = null;
  private last = 0;
  private readonly address: string;

  constructor(code: string) {
    this.address = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  }

  /** These files and no others are there from now on. */
  setFiles(files: readonly GivenFile[]): void {
    this.stop();
    this.files = files;
    if (this.worker !== null) this.tell({ kind: 'files', files });
  }

  /** Null where the command was stopped before its end. */
  run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult | null> {
    this.stop();
    this.start();
    const id = ++this.last;
    const { columns = 100, colour = false, limit = Infinity, onProgress = () => undefined } = options;
    return new Promise((resolve) => {
      this.waiting = { onProgress, resolve };
      this.tell({ kind: 'run', id, argv, columns, colour, limit });
    });
  }

  /** Ends the reading: what was read is summed up. */
  interrupt(): void {
    if (this.waiting !== null) this.tell({ kind: 'interrupt' });
  }

  /** Ends the command at once. */
  stop(): void {
    const { waiting } = this;
    if (waiting === null) return;
    this.waiting = null;
    this.worker?.terminate();
    this.worker = null;
    waiting.resolve(null);
  }

  private start(): void {
    if (this.worker !== null) return;
    const worker = new Worker(this.address);
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      this.told(data);
    });
    worker.addEventListener('error', (event) => {
      this.failed(event.message === '' ? 'the browser ended it; is there too little memory?' : event.message);
    });
    this.worker = worker;
    this.tell({ kind: 'files', files: this.files });
  }

  private tell(message: ToWorker): void {
    this.worker?.postMessage(message);
  }

  private told(message: FromWorker): void {
    const { waiting } = this;
    if (waiting === null || message.id !== this.last) return;
    if (message.kind === 'progress') {
      waiting.onProgress(message.read, message.total);
      return;
    }
    this.waiting = null;
    waiting.resolve(message);
  }

  private failed(why: string): void {
    const { waiting } = this;
    this.worker?.terminate();
    this.worker = null;
    this.waiting = null;
    waiting?.resolve({ kind: 'done', id: this.last, status: 2, output: new Blob([]), said: `zkscope: ${why}\n` });
  }
}
