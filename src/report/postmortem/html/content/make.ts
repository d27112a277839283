type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Makes an element: of a page that is open, or as text of one that is written. What the report says is put together with
 * it, once for both. Text is set as text, never as markup; an attribute that is null, undefined or false is left out.
 */
export type Make<N> = (tag: keyof HTMLTags, attributes?: Attributes, ...children: readonly (N | string | null)[]) => N;

/** The elements that a report is made of. */
interface HTMLTags {
  a: never;
  article: never;
  button: never;
  caption: never;
  code: never;
  dd: never;
  details: never;
  div: never;
  dl: never;
  dt: never;
  h1: never;
  h2: never;
  h3: never;
  h4: never;
  header: never;
  li: never;
  main: never;
  nav: never;
  ol: never;
  p: never;
  section: never;
  small: never;
  span: never;
  strong: never;
  summary: never;
  table: never;
  tbody: never;
  td: never;
  th: never;
  thead: never;
  time: never;
  tr: never;
  ul: never;
}
