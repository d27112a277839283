/** What the program asks of node:process: two outputs that go to the page, and an interrupt that comes from it. */

type Chunk = string | Uint8Array;
type Done = (error?: Error | null) => void;

class Gone extends Error {
  readonly code = 'EPIPE';
}

/** An output that is taken by `take`, which says whether it wants more. */
class PageOutput {
  readonly isTTY = false;
  readonly columns = 80;
  take: (chunk: Chunk) => boolean = () => true;
  private gone = false;

  write(chunk: Chunk, ...rest: readonly unknown[]): boolean {
    const done = rest.at(-1) as Done | undefined;
    if (!this.gone) this.gone = !this.take(chunk);
    const error = this.gone ? new Gone('nobody reads any more') : null;
    // Never before `write` has returned, as with a stream.
    queueMicrotask(() => done?.(error));
    return true;
  }

  reset(): void {
    this.gone = false;
  }

  on(): this {
    return this;
  }

  off(): this {
    return this;
  }

  listeners(): [] {
    return [];
  }
}

const handlers = new Map<string, Set<(name: string) => void>>();

const pageProcess = {
  stdout: new PageOutput(),
  stderr: new PageOutput(),
  stdin: { isTTY: true },
  env: {} as Record<string, string | undefined>,
  argv: ['zkscope'],
  execArgv: [],
  versions: {},
  platform: 'browser',
  exitCode: undefined as number | undefined,
  on(name: string, handler: (name: string) => void): void {
    const set = handlers.get(name) ?? new Set();
    handlers.set(name, set.add(handler));
  },
  off(name: string, handler: (name: string) => void): void {
    handlers.get(name)?.delete(handler);
  },
  cwd: (): string => '/',
  exit(): never {
    throw new Error('the page does not end');
  },
};

/** Ctrl-C. */
export function interrupt(): void {
  for (const handler of [...(handlers.get('SIGINT') ?? [])]) handler('SIGINT');
}

export const { stdout, stderr } = pageProcess;
export default pageProcess;
