import type { Make } from './content/make.js';

/** Text that is markup: made of nothing but the names in our code and of escaped text. */
export class Markup {
  constructor(readonly text: string) {}
}

/** The only elements without an end tag are not among those that a report has. */
export const markup: Make<Markup> = (tag, attributes = {}, ...children) => {
  const given = Object.entries(attributes)
    .filter(([, value]) => value !== null && value !== undefined && value !== false)
    .map(([name, value]) => (value === true ? ` ${name}` : ` ${name}="${escapedText(String(value))}"`))
    .join('');
  const inner = children
    .map((child) => (child === null ? '' : typeof child === 'string' ? escapedText(child) : child.text))
    .join('');
  return new Markup(`<${tag}${given}>${inner}</${tag}>`);
};

/** Text in an element or an attribute. */
export function escapedText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
