import { createHash } from 'node:crypto';

/** A page that is one file: what it is called, and all that it runs and is styled by. */
export interface PageHead {
  /** As it may stand in HTML. */
  readonly title: string;
  readonly code: string;
  readonly css: string;
  /** It makes workers of its own text. */
  readonly workers?: boolean;
}

/**
 * Such a page up to the end of its head. Its policy lets it load nothing, send nothing, and run only the code that it was
 * written with.
 */
export function pageHead({ title, code, css, workers = false }: PageHead): string {
  const policy = [
    `default-src 'none'`,
    `script-src '${hash(code)}'`,
    `style-src '${hash(css)}'`,
    ...(workers ? ['worker-src blob:'] : []),
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${css}</style>
</head>
`;
}

function hash(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
}
