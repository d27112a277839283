/** In place of cli/terminal/progress.ts: the page draws the bar. */

const INTERVAL = 50;

let told: (read: number, total: number | null) => void = () => undefined;

/** @param listen is told how much was read, and of how much (null: not known) */
export function onProgress(listen: (read: number, total: number | null) => void): void {
  told = listen;
}

export class Progress {
  private latest = 0;

  update(read: number, total: number | null): void {
    const now = Date.now();
    if (now - this.latest < INTERVAL) return;
    this.latest = now;
    told(read, total);
  }

  stop(): void {
    this.latest = Infinity;
  }
}
