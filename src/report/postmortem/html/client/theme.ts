import { html } from './dom.js';

const dark = matchMedia('(prefers-color-scheme: dark)');

/** A button that changes between light and dark; `changed` is called whenever the colours are others. */
export function themeButton(changed: () => void): HTMLButtonElement {
  const root = document.documentElement;
  const button = html('button', { type: 'button', class: 'theme' });
  const isDark = (): boolean => (root.dataset['theme'] ?? (dark.matches ? 'dark' : 'light')) === 'dark';
  const name = (): void => {
    button.textContent = isDark() ? 'Light' : 'Dark';
    button.setAttribute('aria-label', `Change to the ${isDark() ? 'light' : 'dark'} colours`);
  };
  button.addEventListener('click', () => {
    root.dataset['theme'] = isDark() ? 'light' : 'dark';
    name();
    changed();
  });
  dark.addEventListener('change', () => {
    name();
    changed();
  });
  name();
  return button;
}

/** Paper is light and narrow: colours and width change for the time of printing. */
export function lightForPrint(changed: () => void): void {
  const root = document.documentElement;
  let before: string | undefined;
  addEventListener('beforeprint', () => {
    before = root.dataset['theme'];
    root.dataset['theme'] = 'light';
    root.dataset['printing'] = 'true';
    changed();
  });
  addEventListener('afterprint', () => {
    delete root.dataset['printing'];
    if (before === undefined) delete root.dataset['theme'];
    else root.dataset['theme'] = before;
    changed();
  });
}
