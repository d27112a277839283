/** The little that is asked of other modules of Node.js. */

// node:path
export const delimiter = ':';
export const basename = (path: string, suffix = ''): string => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return suffix !== '' && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name;
};

// node:util
type Callback = (error: Error | null, value: unknown) => void;

export const promisify =
  (call: (...args: unknown[]) => void) =>
  (...args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const done: Callback = (error, value) => {
        if (error === null) resolve(value);
        else reject(error);
      };
      call(...args, done);
    });

// node:events, for commander
type Listener = (...args: unknown[]) => void;

export class EventEmitter {
  private readonly heard = new Map<string, Listener[]>();

  on(name: string, listener: Listener): this {
    this.heard.set(name, [...(this.heard.get(name) ?? []), listener]);
    return this;
  }

  emit(name: string, ...args: unknown[]): boolean {
    const listeners = this.heard.get(name) ?? [];
    for (const listener of listeners) listener.apply(this, args);
    return listeners.length > 0;
  }

  listenerCount(name: string): number {
    return this.heard.get(name)?.length ?? 0;
  }
}

// node:net, node:stream: there are no pipes.
const nothing = (): never => {
  throw new Error('the page has no pipes');
};
export { nothing as Socket, nothing as Readable, nothing as Transform };

// node:v8: a page cannot tell its engine anything.
export const getHeapStatistics = (): { total_heap_size: number } => ({ total_heap_size: 0 });

export default { delimiter, basename, promisify, getHeapStatistics };
