import { html } from './dom.js';

const SHOWN = 1600;

/** Puts text on the clipboard; false where the browser does not let it. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** For browsers that give no clipboard to a page from disk. */
function copyBySelection(text: string): boolean {
  const area = html('textarea', { readonly: true, 'aria-hidden': 'true', class: 'offscreen' });
  area.value = text;
  document.body.append(area);
  area.select();
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way where there is no navigator.clipboard
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
  }
}

/** A button that copies a text, and says that it did. */
export function copyButton(text: string, what: string): HTMLButtonElement {
  const button = html('button', { type: 'button', class: 'copy', 'aria-label': `Copy: ${what}` }, 'Copy');
  button.addEventListener('click', () => {
    void copyText(text).then((done) => {
      button.textContent = done ? 'Copied' : 'Select it and copy';
      setTimeout(() => {
        button.textContent = 'Copy';
      }, SHOWN);
    });
  });
  return button;
}
