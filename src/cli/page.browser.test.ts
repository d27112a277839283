import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, CHROMIUM_ARGUMENTS } from '../testing/chromium.js';
import { accessibleTree, nameless, namesOf } from '../testing/accessibility.js';
import { CaptureBuilder } from '../testing/captureBuilder.js';
import { Firefox, FIREFOX } from '../testing/firefox.js';
import { ADD_INPUT, RUN_IN_PAGE } from '../testing/pageRun.js';
import { runCli, type CliRun } from '../testing/runCli.js';
import { connectRequest, connectResponse, emptyResponse, existsRequest } from '../testing/zookeeperBytes.js';
import { page as makePage } from '../../scripts/page.js';
import { pageScript } from '../../scripts/pageScript.js';

/** The page that opens captures, in a browser: what it says is what the command line says. */

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url));

const captures = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(?:pcap|pcapng|ndjson)(?:\.gz|\.zst)?$/.test(name))
  .sort()
  .map((name) => FIXTURES + name);

const keysOf = (capture: string): string[] => {
  const keys = capture.replace(/\.pcap(?:ng)?(?:\.gz)?$/, '.keys');
  return keys !== capture && existsSync(keys) ? ['--tls-keys', keys] : [];
};

describe.skipIf(CHROMIUM === undefined)(
  `the page in Chromium${CHROMIUM === undefined ? ' (skipped: no Chromium is installed)' : ''}`,
  { timeout: 300_000 },
  () => {
    let browser: Browser;
    let folder: string;
    let address: string;
    let complaints: string[];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'zkscope-page-'));
      address = join(folder, 'zkscope.html');
      writeFileSync(address, await makePage(await pageScript()));
      browser = await chromium.launch({ executablePath: CHROMIUM!, args: CHROMIUM_ARGUMENTS });
    }, 120_000);

    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    });

    /** Opens the page from disk; everything that it asks for or complains about is collected. */
    async function open(width = 1280): Promise<Page> {
      const page = await browser.newPage({ viewport: { width, height: 900 }, acceptDownloads: true });
      complaints = [];
      page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('dialog', (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        void dialog.dismiss();
      });
      page.on('request', (request) => {
        // Blobs are the page's own: its worker, and what it saves.
        if (request.url() !== `file://${address}` && !request.url().startsWith('blob:'))
          complaints.push(`request: ${request.url()}`);
      });
      await page.goto(`file://${address}`);
      await page.waitForSelector('html[data-ready=true]');
      return page;
    }

    const settled = (page: Page): Promise<unknown> => page.waitForSelector('main[data-ready]');
    const give = async (page: Page, ...files: string[]): Promise<void> => {
      await page.setInputFiles('#choose', files);
      await expect.poll(() => page.locator('.given li').count()).toBe(files.length);
      await settled(page);
    };
    const shown = (page: Page): Promise<string> => page.locator('#main').innerText();

    it('says of every capture what the command line says, byte for byte', async () => {
      expect(captures.length).toBeGreaterThan(100);
      const page = await open();
      const files = [...new Set(captures.flatMap((capture) => [capture, ...keysOf(capture).slice(1)]))];
      await page.evaluate(ADD_INPUT);
      await page.setInputFiles('#all', files);
      const runs = captures.map((capture) => ['analyze', '--json', ...keysOf(capture), capture]);
      const said = await page.evaluate(`(${RUN_IN_PAGE})(${JSON.stringify(files)}, ${JSON.stringify(runs)})`);
      const results = JSON.parse(said as string) as CliRun[];
      for (const [i, argv] of runs.entries())
        expect([argv.at(-1), results[i]]).toEqual([argv.at(-1), await runCli(...argv)]);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('takes files that are dropped, follows links, and says what each command says', async () => {
      const page = await open();
      const bytes = readFileSync(`${FIXTURES}incidents/sidecar-drop.pcap`).toString('base64');
      const transfer = await page.evaluateHandle((text) => {
        const scope = globalThis as unknown as {
          DataTransfer: new () => { items: { add(file: unknown): void } };
          File: new (parts: unknown[], name: string) => unknown;
        };
        const content = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
        const data = new scope.DataTransfer();
        data.items.add(new scope.File([content], 'sidecar-drop.pcap'));
        return data;
      }, bytes);
      await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
      await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
      await page.waitForSelector('.given li');
      await settled(page);
      expect(await shown(page)).toContain('2 clients gone, or cut off from');
      expect(await page.locator('#main details.finding').count()).toBe(5);

      await page.getByRole('link', { name: '0x30000248185008a' }).first().click();
      await settled(page);
      expect(new URL(page.url()).hash).toBe('#follow+0x30000248185008a');
      expect(await shown(page)).toContain('connect');

      await page.goBack();
      await settled(page);
      await page.getByRole('link', { name: 'Sessions', exact: true }).click();
      await settled(page);
      expect(await page.locator('pre.terminal').innerText()).toContain('10.77.0.33');

      await page.getByRole('link', { name: 'Path', exact: true }).click();
      await settled(page);
      await page.getByLabel('Which znode?').fill('/tasks/cluster.bj_default_deployment.htool');
      await page.getByLabel('At (may stay empty)').fill('+20s');
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.waitForSelector('pre.terminal');
      await settled(page);
      const here = await page.locator('pre.terminal').innerText();
      expect(here).toContain('/tasks/cluster.bj_default_deployment.htool');

      await page.getByText('Filters').click();
      await page.getByLabel('Client').fill('10.77.0.33');
      await page.getByRole('link', { name: 'Statistics' }).click();
      await settled(page);
      await page.getByLabel('Client').fill('10.77.0.33');
      await page.getByRole('button', { name: 'Apply' }).click();
      await page.waitForURL('**/*#stats+--client+10.77.0.33');
      await settled(page);
      expect(await page.getByLabel('zkscope').inputValue()).toBe('stats --client 10.77.0.33');

      await page.getByLabel('zkscope').fill('zkscope decode --op create sidecar-drop.pcap');
      await page.getByLabel('zkscope').press('Enter');
      await page.waitForURL('**/*#decode*');
      await settled(page);
      // The address is another before the view is.
      await expect.poll(async () => (await shown(page)).match(/create/g)?.length ?? 0).toBeGreaterThan(2);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('shows all times as they are asked for, and keeps to it from view to view', async () => {
      const page = await open();
      await page.setInputFiles('#choose', [join(FIXTURES, 'incidents/sidecar-drop.pcap')]);
      await settled(page);
      await page.click('.filter-box summary');
      await page.fill('#filter--time', '+08:00');
      await page.click('.filters-form button[type=submit]');
      await page.waitForSelector('main[data-ready] section.report');
      const shown = await page.innerText('main');
      expect(shown).toContain('08:17:31');
      expect(shown).toContain('+08:00');
      expect(shown).not.toContain('00:17:31');
      await page.click('nav[aria-label=Views] >> text=Sessions');
      await page.waitForFunction("location.hash.startsWith('#sessions')");
      await settled(page);
      const sessions = await runCli('sessions', '--time', '+08:00', join(FIXTURES, 'incidents/sidecar-drop.pcap'));
      expect(sessions.stdout).toContain('08:17:');
      expect(await page.innerText('main')).toContain('08:17:');
      await page.close();
    });

    it('gives what the command line writes as files', async () => {
      const page = await open();
      const capture = `${FIXTURES}incidents/sidecar-drop.pcap`;
      await give(page, capture);
      const saved = async (name: string): Promise<Buffer> => {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name }).first().click(),
        ]);
        return readFileSync(await download.path());
      };
      const named = async (...argv: string[]): Promise<string> =>
        (await runCli(...argv, capture)).stdout.replaceAll(capture, 'sidecar-drop.pcap');
      expect((await saved('Save JSON')).toString()).toBe(await named('analyze', '--json'));
      expect((await saved('Markdown')).toString()).toBe(await named('report', '--markdown'));
      expect((await saved('Save report (HTML)')).toString()).toMatch(/^<!doctype html>/);
      const slice = join(folder, 'slice.pcapng');
      writeFileSync(slice, await saved('Save its frames (pcapng)'));
      expect((await saved('Capture with comments')).readUInt32BE(0)).toBe(0x0a0d0d0a);
      const { findings } = JSON.parse((await runCli('analyze', '--json', slice)).stdout) as { findings: unknown[] };
      expect(findings.length).toBeGreaterThan(0);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('reads several captures as one, whatever their order', async () => {
      const page = await open();
      const whole = readFileSync(`${FIXTURES}incidents/sidecar-drop.pcap`);
      let middle = 24;
      for (let i = 0; i < 130; i++) middle += 16 + whole.readUInt32LE(middle + 8);
      const parts = ['ring0.pcap', 'ring1.pcap'].map((name) => join(folder, name));
      writeFileSync(parts[0]!, whole.subarray(0, middle));
      writeFileSync(parts[1]!, Buffer.concat([whole.subarray(0, 24), whole.subarray(middle)]));
      await give(page, parts[1]!, parts[0]!);
      expect(await shown(page)).toContain('2 clients gone, or cut off from');
      expect(await shown(page)).toContain('260 packets');
      await page.getByRole('button', { name: 'Close ring1.pcap' }).click();
      await expect.poll(() => page.locator('.given li').count()).toBe(1);
      await settled(page);
      expect(await shown(page)).toContain('130 packets');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('is worked with the keyboard alone', async () => {
      const page = await open();
      await page.setInputFiles('#choose', [`${FIXTURES}incidents/sidecar-drop.pcap`]);
      await page.waitForSelector('#main details.finding');
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the result');
      const reached: unknown[] = [];
      for (let i = 0; i < 8; i++) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate('document.activeElement.id || document.activeElement.textContent'));
      }
      expect(reached).toContain('choose');
      expect(reached).toContain('Sessions');
      await page.getByRole('link', { name: 'Sessions', exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.waitForURL('**/*#sessions');
      await settled(page);
      await expect.poll(() => page.getByRole('status').first().textContent()).toBe('Sessions: shown');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('has names for all that a screen reader is told of, in every view', async () => {
      const page = await open();
      expect(nameless(await accessibleTree(page))).toEqual([]);
      await give(page, `${FIXTURES}incidents/sidecar-drop.pcap`);
      for (const view of ['report', 'sessions', 'tree', 'stats', 'path', 'follow', 'hex', 'decode']) {
        await page.goto(`file://${address}#${view}`);
        await settled(page);
        const tree = await accessibleTree(page);
        expect([view, nameless(tree)]).toEqual([view, []]);
        if (view === 'report') expect(namesOf(tree, 'figure').length).toBeGreaterThan(3);
      }
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('leads from sessions on, not from zxids; and has a report of requests that came in several frames', async () => {
      const page = await open();
      await give(page, `${FIXTURES}incidents2/server-behind-client.pcap.gz`, `${FIXTURES}incidents2/oversize.pcap.gz`);
      expect(await shown(page)).toContain('0x400005a80');
      expect(await page.getByRole('link', { name: '0x400005a80' }).count()).toBe(0);
      expect(await page.locator('#main section.report details.finding').count()).toBeGreaterThan(2);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('draws the report of a capture that is read again only in part', async () => {
      const page = await open();
      await give(page, `${FIXTURES}incidents/rpcx-blind-window.pcap.gz`);
      expect(await page.locator('#main details.finding').count()).toBeGreaterThan(0);
      expect(await page.locator('#main details.finding .ladder').count()).toBeGreaterThan(0);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('reads a capture with its key log, and explains bytes', async () => {
      const page = await open();
      await give(page, `${FIXTURES}tls/tls12-cbc.pcap.gz`, `${FIXTURES}tls/tls12-cbc.keys`);
      expect(await page.locator('.given').innerText()).toContain('key log');
      await page.goto(`file://${address}#decode`);
      await settled(page);
      expect(await page.locator('pre.terminal').innerText()).toContain('connect');
      await page.goto(`file://${address}#hex`);
      await page.getByLabel('Bytes, as a dump shows them').fill('00000008 fffffffe 0000000b');
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await page.waitForSelector('pre.terminal');
      expect(await shown(page)).toContain('ping');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('shows hostile names as text, and nothing else happens', async () => {
      const page = await open();
      const name = '/x/<img src=x onerror=alert(1)>';
      const builder = new CaptureBuilder(1_700_000_000, 1_000_000);
      const talk = builder.connection({ client: '10.9.0.1:40001', server: '10.9.0.9:2181' }).handshake();
      talk.client(connectRequest()).server(connectResponse(0x1000n));
      for (let i = 1; i <= 400; i++) {
        talk.client(existsRequest(i, name)).server(emptyResponse(i, 0x100000001n, -101));
        builder.wait(0.015);
      }
      const file = join(folder, '<script>alert(2)<.pcap'.replaceAll('/', '_'));
      writeFileSync(file, builder.toPcap());
      await give(page, file);
      for (const view of ['decode', 'tree', 'sessions', `path '${name}'`, "report --client '<script>'"]) {
        await page.goto(`file://${address}#${encodeURIComponent(view)}`);
        await settled(page);
      }
      expect(await page.locator('img, iframe, object').count()).toBe(0);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('says what is no capture in one line', async () => {
      const page = await open();
      const file = join(folder, 'notes.txt');
      writeFileSync(file, 'nothing to see\n');
      await give(page, file);
      expect(await page.getByRole('alert').innerText()).toBe(
        (await runCli(file)).stderr.trim().replace(`zkscope: ${file}`, 'notes.txt'),
      );
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('ends a long reading where it is asked to, and shows what was read', async () => {
      const page = await open();
      const capture = readFileSync(`${FIXTURES}healthy-mixed.pcap`);
      const file = join(folder, 'long.pcap');
      const packets = capture.subarray(24);
      writeFileSync(file, Buffer.concat([capture.subarray(0, 24), ...Array.from({ length: 400 }, () => packets)]));
      await page.setInputFiles('#choose', [file]);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.waitForSelector('pre.terminal');
      await page
        .getByRole('button', { name: /Cancel|Stop now/ })
        .click({ timeout: 5000 })
        .catch(() => undefined);
      await settled(page);
      expect(await shown(page)).toContain('reading was interrupted');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('fits a telephone', async () => {
      const page = await open(390);
      await give(page, `${FIXTURES}incidents/sidecar-drop.pcap`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      expect(complaints).toEqual([]);
      await page.close();
    });
  },
);

describe.skipIf(FIREFOX === undefined)(
  `the page in Firefox${FIREFOX === undefined ? ' (skipped: no Firefox is installed)' : ''}`,
  { timeout: 300_000 },
  () => {
    const names = [
      'incidents/sidecar-drop.pcap',
      'incidents/rpcx-blind-window.pcap.gz',
      'quorum/leader-killed.pcap.gz',
      'etcd/lease-storm.pcapng.gz',
      'tls/tls12-cbc.pcap.gz',
    ];

    it('says of five captures what the command line says, and shows what was chosen', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'zkscope-page-'));
      const address = join(folder, 'zkscope.html');
      writeFileSync(address, await makePage(await pageScript()));
      const firefox = await Firefox.start();
      try {
        await firefox.open(`file://${address}`);
        const five = names.map((name) => FIXTURES + name);
        const files = five.flatMap((capture) => [capture, ...keysOf(capture).slice(1)]);
        const runs = five.map((capture) => ['analyze', '--json', ...keysOf(capture), capture]);
        await firefox.evaluate(`void ${ADD_INPUT}`);
        await firefox.setFiles('#all', files);
        const said = await firefox.evaluate(`(${RUN_IN_PAGE})(${JSON.stringify(files)}, ${JSON.stringify(runs)})`);
        const results = JSON.parse(said as string) as CliRun[];
        for (const [i, argv] of runs.entries())
          expect([argv.at(-1), results[i]]).toEqual([argv.at(-1), await runCli(...argv)]);

        await firefox.setFiles('#choose', [five[0]!]);
        await expect
          .poll(() => firefox.evaluate(`document.querySelectorAll('#main details.finding').length`), {
            timeout: 30_000,
          })
          .toBe(5);
        expect(firefox.console).toEqual([]);
        // Firefox's own parts of a page (a font) are data.
        const own = [`file://${address}`, 'blob:', 'data:', 'about:'];
        expect(firefox.requests.filter((url) => !own.some((start) => url.startsWith(start)))).toEqual([]);
      } finally {
        await firefox.close();
        rmSync(folder, { recursive: true });
      }
    });
  },
);
