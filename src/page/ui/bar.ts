import { html } from '../../report/postmortem/html/client/dom.js';
import { bytesText } from '../../report/text/bytes.js';
import { button } from './save.js';

/** How far a command is, and what ends it. */
export class Bar {
  readonly element: HTMLElement;
  private readonly progress = html('progress', { max: 1, 'aria-label': 'Reading' });
  private readonly text = html('span', {});
  private readonly cancel: HTMLButtonElement;
  private readonly status = html('p', { class: 'offscreen', role: 'status' });
  private asked = false;
  private timer = 0;

  /** @param interrupt ends the reading, what was read is shown; `stop` ends all at once */
  constructor(interrupt: () => void, stop: () => void) {
    this.cancel = button('Cancel', () => {
      if (this.asked) stop();
      else interrupt();
      this.asked = true;
      this.cancel.textContent = 'Stop now';
    });
    const visible = html('div', { class: 'bar', hidden: true }, this.progress, this.text, this.cancel);
    this.element = html('div', {}, visible, this.status);
  }

  /** What takes no time is not worth a bar. */
  begin(): void {
    this.end();
    this.asked = false;
    this.cancel.textContent = 'Cancel';
    this.progress.removeAttribute('value');
    this.text.textContent = 'Reading …';
    this.timer = window.setTimeout(() => {
      this.visible.hidden = false;
      this.status.textContent = 'Reading the captures';
    }, 150);
  }

  update(read: number, total: number | null): void {
    if (total === null || total === 0) {
      this.text.textContent = bytesText(read);
      return;
    }
    this.progress.value = read / total;
    this.text.textContent = `${Math.floor((100 * read) / total)} % of ${bytesText(total)}`;
  }

  end(): void {
    clearTimeout(this.timer);
    this.visible.hidden = true;
    this.status.textContent = '';
  }

  /** Tells those who do not see the page. */
  say(text: string): void {
    this.status.textContent = text;
  }

  private get visible(): HTMLElement {
    return this.element.firstElementChild as HTMLElement;
  }
}
