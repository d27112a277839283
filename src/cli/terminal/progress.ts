import type { SingleBar } from 'cli-progress';

const DELAY = 1000;
const INTERVAL = 100;

/** A progress bar on standard error for reading that takes longer than a second; only on a terminal. */
export class Progress {
  private readonly begun = Date.now();
  private latest = 0;
  private bar: SingleBar | null = null;
  private stopped = false;
  private loading = false;
  private readonly wanted = process.stderr.isTTY;

  /** @param total bytes, null where that is not known: then there is no bar */
  update(read: number, total: number | null): void {
    if (!this.wanted || total === null || total === 0 || this.stopped) return;
    const now = Date.now();
    if (now - this.begun < DELAY || now - this.latest < INTERVAL) return;
    this.latest = now;
    if (this.bar !== null) this.bar.update(read);
    else if (!this.loading) void this.start(read, total);
  }

  private async start(read: number, total: number): Promise<void> {
    this.loading = true;
    const { default: progress } = await import('cli-progress');
    if (this.stopped) return;
    this.bar = new progress.SingleBar(
      {
        format: 'reading {bar} {percentage} % {eta_formatted} left',
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
      },
      progress.Presets.shades_classic,
    );
    this.bar.start(total, read);
  }

  /** Removes the bar. */
  stop(): void {
    this.stopped = true;
    this.bar?.stop();
  }
}
