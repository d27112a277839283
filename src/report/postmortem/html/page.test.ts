import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { pageScript } from '../../../../scripts/pageScript.js';
import type { ReportData } from '../data.js';
import { htmlPage, jsonInScript } from './page.js';

const EMPTY: ReportData = {
  version: '0.0.0',
  captures: [],
  verdict: { tone: 'empty', headline: '</title><script>alert(1)</script>', sentences: [], counted: '', unseen: [] },
  zone: 'UTC',
  incidents: [],
  day: null,
  from: null,
  to: null,
  levels: [],
  servers: [],
  lanes: [],
  lanesNote: null,
  findings: [],
  findingsNote: null,
  tables: [],
};

describe('htmlPage', async () => {
  const page = htmlPage(EMPTY, await pageScript());

  it('lets nothing load, and only its own code and style run', () => {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    expect(policy).toMatch(/^default-src 'none'; /);
    const digest = (text: string): string => createHash('sha256').update(text).digest('base64');
    const script = page.slice(page.lastIndexOf('<script>') + 8, page.lastIndexOf('</script>'));
    const style = page.slice(page.indexOf('<style>') + 7, page.indexOf('</style>'));
    expect(policy).toContain(`script-src 'sha256-${digest(script)}'`);
    expect(policy).toContain(`style-src 'sha256-${digest(style)}'`);
    expect(policy).not.toContain('unsafe');
  });

  it('has two scripts, whatever the capture says', () => {
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script/g)).toHaveLength(2);
    expect(page).toContain('<title>Capture: &#60;&#47;title&#62;'.replace('&#47;', '/'));
  });
});

describe('jsonInScript', () => {
  it('cannot end the block, and reads back the same', () => {
    const value = { path: '</script><!--<script>\u2028&amp;' };
    const text = jsonInScript(value);
    expect(text).not.toMatch(/[<>&\u2028]/);
    expect(JSON.parse(text)).toEqual(value);
  });
});
