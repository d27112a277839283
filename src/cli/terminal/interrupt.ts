import type { EndingSignal } from '../usage.js';

export interface Interrupt {
  /** The signal to read under. */
  readonly signal: AbortSignal;
  /** Which signal came; null while none did. */
  readonly by: EndingSignal | null;
  /** Takes the handlers away again. */
  readonly release: () => void;
}

/**
 * Ctrl-C (and SIGTERM) end the reading, so that what was read is still summed up; a second one, whichever, ends the
 * program at once.
 */
export function onInterrupt(): Interrupt {
  const controller = new AbortController();
  let by: EndingSignal | null = null;
  const handler = (name: NodeJS.Signals): void => {
    by = name === 'SIGTERM' ? 'SIGTERM' : 'SIGINT';
    controller.abort();
    release();
  };
  const release = (): void => {
    process.off('SIGINT', handler);
    process.off('SIGTERM', handler);
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return {
    signal: controller.signal,
    get by() {
      return by;
    },
    release,
  };
}
