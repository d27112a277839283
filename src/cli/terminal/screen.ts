import { openSync } from 'node:fs';
import { emitKeypressEvents, type Key } from 'node:readline';
import { ReadStream } from 'node:tty';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';
const TERMINAL = '/dev/tty';

/** A pressed key: the letter as it was typed, or a name such as `space`, `return`, `escape`, `backspace`. */
export type OnKey = (text: string, name: string) => void;

/**
 * The whole terminal, drawn again and again, and its keys. The capture comes by standard input, so keys are read from the
 * terminal itself; where there is none there are no keys.
 */
export class Screen {
  private keys: ReadStream | null = null;
  private open = false;

  constructor(
    private readonly onKey: OnKey,
    private readonly onResize: () => void,
    private readonly output: NodeJS.WriteStream = process.stdout,
  ) {}

  get size(): { readonly width: number; readonly height: number } {
    return { width: Math.max(20, this.output.columns), height: Math.max(8, this.output.rows) };
  }

  enter(): void {
    this.open = true;
    this.output.write(ENTER);
    this.output.on('resize', this.onResize);
    process.on('exit', this.restore);
    try {
      this.keys = new ReadStream(openSync(TERMINAL, 'r'));
    } catch {
      return;
    }
    this.keys.setRawMode(true);
    emitKeypressEvents(this.keys);
    this.keys.on('keypress', (text: string | undefined, key: Key) => {
      // In raw mode the terminal makes no signals of keys.
      if (key.ctrl === true && key.name === 'c') process.kill(process.pid, 'SIGINT');
      else if (key.ctrl !== true) this.onKey(text ?? '', key.name ?? '');
    });
  }

  draw(lines: readonly string[]): void {
    if (!this.open) return;
    this.output.write(`${HOME}${lines.map((line) => `${line}${REST_OF_LINE}`).join('\r\n')}${REST_OF_SCREEN}`);
  }

  /** Gives the terminal back as it was. */
  leave(): void {
    process.off('exit', this.restore);
    this.output.off('resize', this.onResize);
    this.restore();
    this.keys?.destroy();
    this.keys = null;
  }

  private readonly restore = (): void => {
    if (!this.open) return;
    this.open = false;
    this.keys?.setRawMode(false);
    this.output.write(LEAVE);
  };
}
