import type { Page } from 'playwright-core';

/** Something of a page as a screen reader is told of it: by the browser's own computation. */
export interface Accessible {
  readonly role: string;
  readonly name: string;
}

/** Roles that are of no use to anybody without a name. */
const NAMED: readonly string[] = [
  'button',
  'combobox',
  'checkbox',
  'dialog',
  'figure',
  'image',
  'link',
  'navigation',
  'progressbar',
  'region',
  'searchbox',
  'table',
  'textbox',
];

interface Node {
  readonly ignored: boolean;
  readonly role?: { readonly value?: string };
  readonly name?: { readonly value?: string };
}

/** Chromium's accessibility tree of a page, without what it hides. */
export async function accessibleTree(page: Page): Promise<Accessible[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { readonly nodes: readonly Node[] };
  await session.detach();
  return nodes
    .filter(({ ignored }) => !ignored)
    .map(({ role, name }) => ({ role: role?.value ?? '', name: (name?.value ?? '').trim() }));
}

/** Roles of what should have a name and has none. */
export function nameless(tree: readonly Accessible[]): string[] {
  return tree.filter(({ role, name }) => NAMED.includes(role) && name === '').map(({ role }) => role);
}

/** Names of all that have a role. */
export function namesOf(tree: readonly Accessible[], role: string): string[] {
  return tree.filter((node) => node.role === role).map(({ name }) => name);
}
