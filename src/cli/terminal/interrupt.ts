/**
 * Ctrl-C (and SIGTERM) end the reading, so that what was read is still summed up; a second one ends the program.
 * @returns the signal to read under, and a function that takes the handlers away again
 */
export function onInterrupt(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const handler = (): void => {
    controller.abort();
    release();
  };
  const release = (): void => {
    process.off('SIGINT', handler);
    process.off('SIGTERM', handler);
  };
  process.on('SIGINT', handler);
  process.on('SIGTERM', handler);
  return { signal: controller.signal, release };
}
