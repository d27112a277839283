import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { htmlPage } from '../../report/postmortem/html/page.js';
import { accessibleTree, nameless, namesOf } from '../../testing/accessibility.js';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../../testing/chromium.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { pageScript } from '../../../scripts/pageScript.js';
import {
  connectRequest,
  connectResponse,
  emptyResponse,
  existsRequest,
  notification,
  pingRequest,
} from '../../testing/zookeeperBytes.js';
import { gatherReport } from './report.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const HOSTILE = [
  '/x/<script>alert(1)</script>',
  '/x/</script><img src=http://example.invalid/x onerror=alert(2)>',
  '/x/\u202egnp.exe\u001b[31m`|&lt;',
];
/** Elements that any report may draw, however large the capture. */
const MOST_ELEMENTS = 8000;

/** A client in a loop over paths that would like to be markup. */
function hostileCapture(): Buffer {
  const builder = new CaptureBuilder(1_700_000_000, 1_000_000);
  const talk = builder.connection({ client: '10.9.0.1:40001', server: '10.9.0.9:2181' }).handshake();
  talk.client(connectRequest()).server(connectResponse(0x1000n));
  for (let i = 1; i <= 1200; i++) {
    const path = HOSTILE[Math.floor(i / 400) % 3]!;
    talk.client(existsRequest(i, path)).server(emptyResponse(i, 0x100000001n, -101));
    builder.wait(0.015);
  }
  for (const path of HOSTILE) talk.server(notification(1, path)).ack('client');
  return builder.toPcap();
}

/** Many clients that connect and ping, some of whom are told that their session has expired. */
function crowdedCapture(sessions: number): Buffer {
  const builder = new CaptureBuilder(1_700_000_000, 100_000);
  for (let i = 0; i < sessions; i++) {
    const client = `10.${10 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}:40000`;
    const talk = builder.connection({ client, server: `10.9.0.${1 + (i % 3)}:2181` });
    const id = BigInt(i + 1) << 8n;
    talk.client(connectRequest(i % 50 === 0 ? id : 0n)).server(connectResponse(i % 50 === 0 ? 0n : id));
    talk.client(pingRequest).server(emptyResponse(-2, 0x100000001n, 0));
  }
  return builder.toPcap();
}

describe.skipIf(CHROMIUM === undefined)(
  `the report in Chromium${CHROMIUM === undefined ? ' (skipped: no Chromium is installed)' : ''}`,
  { timeout: 120_000 },
  () => {
    let browser: Browser;
    let folder: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'zkscope-report-'));
      browser = await chromium.launch({ executablePath: CHROMIUM!, args: CHROMIUM_ARGUMENTS });
    });

    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    });

    /** Opens the report of a capture from disk; everything that it asks for or complains about is collected. */
    async function open(capture: string | Buffer, width = 1280): Promise<{ page: Page; complaints: string[] }> {
      let file = capture;
      if (typeof file !== 'string') {
        file = join(folder, 'capture.pcap');
        writeFileSync(file, capture);
      }
      const address = join(folder, 'report.html');
      writeFileSync(address, htmlPage(await gatherReport([file]), await pageScript()));
      const page = await browser.newPage({ viewport: { width, height: 900 } });
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('dialog', (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        if (request.url() !== `file://${address}`) complaints.push(`request: ${request.url()}`);
      });
      await page.goto(`file://${address}`);
      await page.waitForSelector('html[data-ready=true]');
      return { page, complaints };
    }

    const elements = (page: Page): Promise<number> => page.locator('*').count();
    const shown = (page: Page): Promise<string | null> => page.locator('.readout').textContent();

    it('says who is stale since when, zooms, filters, sorts and copies on the blind window', async () => {
      const { page, complaints } = await open(`${FIXTURES}incidents/rpcx-blind-window.pcap.gz`);
      const verdict = (await page.locator('.verdict').textContent())!;
      expect(verdict).toContain('10.77.0.90:45603');
      expect(verdict).toContain('out of date since 00:17:17.269273 UTC (frame 2652)');
      expect(verdict).toContain('tcp@10.77.0.41:8972');

      const before = await shown(page);
      const plot = (await page.locator('.u-over').first().boundingBox())!;
      const y = plot.y + plot.height / 2;
      await page.mouse.move(plot.x + plot.width * 0.3, y);
      await page.mouse.down();
      await page.mouse.move(plot.x + plot.width * 0.5, y, { steps: 4 });
      await page.mouse.up();
      const zoomed = await shown(page);
      expect(zoomed).not.toBe(before);
      expect(await page.getByRole('button', { name: 'Show the whole capture' }).isEnabled()).toBe(true);
      await page
        .locator('.u-over')
        .first()
        .dblclick({ position: { x: 300, y: 40 } });
      expect(await page.getByRole('button', { name: 'Show the whole capture' }).isDisabled()).toBe(true);
      await page.getByRole('button', { name: /^Finding 1:/ }).click();
      expect(await page.evaluate('document.activeElement.id')).toBe('finding-1');
      expect(await page.getByRole('button', { name: 'Show the whole capture' }).isEnabled()).toBe(true);

      const sessions = page.locator('#table-sessions tbody tr');
      expect(await sessions.count()).toBe(46);
      await page.getByRole('searchbox', { name: 'Search Sessions' }).fill('10.77.0.90');
      expect(await sessions.count()).toBe(1);
      await page.getByRole('searchbox', { name: 'Search Sessions' }).fill('');
      const requests = (): Promise<number[]> =>
        page
          .locator('#table-sessions tbody td:nth-child(9)')
          .allTextContents()
          .then((texts) => texts.map((text) => Number(text.replace(',', ''))));
      const most = await requests();
      expect(most).toEqual([...most].sort((a, b) => b - a));
      await page.locator('#table-sessions').getByRole('button', { name: 'Requests' }).click();
      expect(await requests()).toEqual([...most].reverse());

      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      await page.getByRole('button', { name: 'Copy: These frames' }).click();
      await page.getByText('Copied').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toBe('frame.number in {415, 421, 568}');

      const theme = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
      const light = await theme();
      await page.getByRole('button', { name: 'Change to the dark colours' }).click();
      expect(await theme()).not.toBe(light);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it.each(['incidents/ensemble-restart-nodeexists.pcap', 'incidents2/quorum-lost.pcap.gz'])(
      'fits on paper: no table is cut, and nothing is folded (%s)',
      async (capture) => {
        // The width of A4 between its margins.
        const { page, complaints } = await open(`${FIXTURES}${capture}`, 733);
        await page.emulateMedia({ media: 'print' });
        await page.evaluate("dispatchEvent(new Event('beforeprint'))");
        const tooWide = await page.evaluate(
          `[...document.querySelectorAll('table, pre, code, svg')].filter((e) => e.getBoundingClientRect().right > 733).length`,
        );
        expect(tooWide).toBe(0);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(733);
        for (const finding of await page.locator('.finding .proof').all()) expect(await finding.isVisible()).toBe(true);
        expect(complaints).toEqual([]);
        await page.close();
      },
    );

    it('has names for all that a screen reader is told of, and words for what charts show', async () => {
      const { page, complaints } = await open(`${FIXTURES}incidents/rpcx-blind-window.pcap.gz`);
      const tree = await accessibleTree(page);
      expect(nameless(tree)).toEqual([]);
      expect(namesOf(tree, 'figure')).toEqual([
        'Requests operations, and pings on top of them',
        'Waiting requests without an answer at the end of each bar',
        'Latency p50 and p99 of the answers, in powers of ten',
        'Errors answers with an error, expired sessions',
        'Notifications watches that fired',
        'By server 10.77.0.11:2181, 10.77.0.13:2181, 10.77.0.12:2181',
        'Live sessions begun and not ended',
      ]);
      const said = async (): Promise<string | undefined> =>
        namesOf(await accessibleTree(page), 'image').find((name) => name.startsWith('Requests: '));
      expect(await said()).toBe('Requests: at most 96 in a bar');
      await page.getByRole('button', { name: /^Finding 1:/ }).click();
      expect(await page.getByRole('button', { name: 'Show the whole capture' }).isEnabled()).toBe(true);
      expect(await said()).not.toBe('Requests: at most 96 in a bar');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('says all that is words where no script runs', async () => {
      const address = join(folder, 'still.html');
      const data = await gatherReport([`${FIXTURES}incidents/sidecar-drop.pcap`]);
      writeFileSync(address, htmlPage(data, await pageScript()));
      const context = await browser.newContext({ javaScriptEnabled: false });
      const page = await context.newPage();
      await page.goto(`file://${address}`);
      const text = await page.locator('body').innerText();
      expect(text).toContain(data.verdict.headline);
      expect(text).toContain('The charts are drawn by a script');
      for (const { message } of data.findings)
        expect(text.replace(/\s+/g, ' ')).toContain(message.replace(/\s+/g, ' '));
      const proofs = page.locator('details.finding');
      expect(await proofs.count()).toBe(data.findings.length);
      for (let i = 1; i < data.findings.length; i++) await proofs.nth(i).locator('summary').click();
      const unfolded = await page.locator('main').innerText();
      for (const { frames } of data.findings)
        expect(unfolded).toContain(`frame.number in {${[...new Set(frames)].join(', ')}}`);
      expect(await page.locator('#sessions tbody tr').count()).toBe(data.lanes.length);
      await context.close();
    });

    it('marks the time in which a server does not answer, and says it in words', async () => {
      const { page, complaints } = await open(`${FIXTURES}incidents/server-pause.pcap.gz`);
      expect(await page.locator('svg.lane path.waiting').count()).toBeGreaterThan(5);
      const labels = async (selector: string): Promise<(string | null)[]> =>
        Promise.all((await page.locator(selector).all()).map((found) => found.getAttribute('aria-label')));
      expect((await labels('canvas[role=img]')).join('; ')).toMatch(/Longest wait for an answer: at most 7\.\d+ s/);
      const waiting = (await labels('svg.lane')).filter((text) => text?.includes('waiting for an answer') === true);
      expect(waiting).toHaveLength(7);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('shows hostile names as text, and nothing else happens', async () => {
      const { page, complaints } = await open(hostileCapture());
      const text = (await page.locator('body').innerText()).replaceAll('\n', '');
      expect(text).toContain('/x/<script>alert(1)</script>');
      expect(await page.locator('.finding').count()).toBeGreaterThan(0);
      expect(await page.locator('img, iframe, object').count()).toBe(0);
      // The data, the library and the page's own code; nothing that came from the capture.
      expect(await page.locator('script').count()).toBe(2);
      // eslint-disable-next-line no-control-regex -- that is what must not be there
      expect(await page.locator('main').innerText()).not.toMatch(/[\u202e\u001b]/);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('draws a bounded part of ten thousand sessions, and says what it leaves out', async () => {
      const { page, complaints } = await open(crowdedCapture(10_000));
      expect(await elements(page)).toBeLessThan(MOST_ELEMENTS);
      await page.getByRole('button', { name: /^Show .* more sessions$/ }).click();
      expect(await page.locator('.lane-list li').count()).toBe(200);
      expect(await elements(page)).toBeLessThan(MOST_ELEMENTS);
      expect(await page.locator('.lanes').innerText()).toMatch(/200 lanes of 10,000 sessions.*Not drawn: 9,800/);
      expect(await page.locator('#table-sessions tbody tr').count()).toBe(100);
      await page.getByRole('searchbox', { name: 'Search Sessions' }).fill('10.10.39.14');
      expect(await page.locator('#table-sessions tbody tr').count()).toBe(1);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it.each(['incidents/ensemble-restart-nodeexists.pcap', 'incidents/sidecar-drop.pcap'])(
      'fits a telephone: %s',
      async (name) => {
        const { page, complaints } = await open(FIXTURES + name, 390);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
        expect(complaints).toEqual([]);
        await page.close();
      },
    );
  },
);
