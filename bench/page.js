/**
 * The page beside the command line on one capture: `npm run bench:page -- [CAPTURE] [ROUNDS]`, after a build. Needs Chromium.
 * Times are those of `analyze --json`, from the drop to the document, and of the report, from the drop until it is drawn;
 * memory is the largest that the process of the page (its renderer, workers in it) ever had, and what it has without a
 * capture.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { measure } from './measure.js';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const [capture = at('out/fixture-1000000.pcap'), rounds = '3'] = process.argv.slice(2);
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Bytes: the most that a renderer of this browser had resident. */
function rendererPeak() {
  let peak = 0;
  for (const id of readdirSync('/proc')) {
    if (!/^\d+$/.test(id)) continue;
    try {
      if (!readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=renderer')) continue;
      const line = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${id}/status`, 'utf8'));
      peak = Math.max(peak, 1024 * Number(line?.[1] ?? 0));
    } catch {
      // It has ended meanwhile.
    }
  }
  return peak;
}

async function inPage() {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  await page.goto(`file://${at('../dist/zkscope.html')}`);
  await page.waitForSelector('html[data-ready=true]');
  const idle = rendererPeak();
  await page.evaluate(
    "document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'bench' }))",
  );
  await page.setInputFiles('#bench', [capture]);
  const { seconds, document } = await page.evaluate(async () => {
    const code = new globalThis.Blob([globalThis.document.getElementById('worker').textContent]);
    const blob = globalThis.document.getElementById('bench').files[0];
    const begun = performance.now();
    const worker = new globalThis.Worker(URL.createObjectURL(code));
    worker.postMessage({ kind: 'files', files: [{ name: 'capture', blob }] });
    const argv = ['analyze', '--json', 'capture'];
    worker.postMessage({ kind: 'run', id: 1, argv, columns: 80, colour: false, limit: Infinity });
    const output = await new Promise((resolve) => {
      worker.onmessage = ({ data }) => data.kind === 'done' && resolve(data.output);
    });
    return { seconds: (performance.now() - begun) / 1000, document: await output.text() };
  });
  const peak = rendererPeak();
  await browser.close();
  return { seconds, idle, peak, document };
}

/** The same, but for the report, as somebody opens it who drops a capture. */
async function reportInPage() {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await browser.newPage();
  await page.goto(`file://${at('../dist/zkscope.html')}#report`);
  await page.waitForSelector('html[data-ready=true]');
  const begun = performance.now();
  await page.setInputFiles('#choose', [capture]);
  await page.waitForSelector('main[data-ready] section.report .panel canvas', { timeout: 0 });
  const seconds = (performance.now() - begun) / 1000;
  const peak = rendererPeak();
  await browser.close();
  return { seconds, peak };
}

const cli = [process.execPath, at('../bin/zkscope.js'), 'analyze', '--json', capture];
const wanted = execFileSync(cli[0], cli.slice(1), { encoding: 'utf8', maxBuffer: 1e9 }).replaceAll(capture, 'capture');
const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
console.log(`${capture}: ${megabytes(statSync(capture).size)}`);
for (let round = 1; round <= Number(rounds); round++) {
  const own = await measure(cli[0], cli.slice(1));
  const page = await inPage();
  const report = await reportInPage();
  const same = page.document === wanted ? 'the same document' : 'ANOTHER DOCUMENT';
  console.log(
    `command line ${own.seconds.toFixed(1)} s, ${megabytes(own.peak)}; page ${page.seconds.toFixed(1)} s, ${megabytes(page.peak)} (${megabytes(page.idle)} without a capture), ${same}; its report ${report.seconds.toFixed(1)} s, ${megabytes(report.peak)}`,
  );
}
