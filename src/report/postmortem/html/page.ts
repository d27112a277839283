import type { ReportData } from '../data.js';
import { asset } from '../../assets.js';
import { pageScript } from '../../pageScript.js';
import { reportContent, shownTables } from './content/report.js';
import { pageHead } from './head.js';
import { escapedText, markup } from './markup.js';
import { style } from './style.js';

/**
 * The report as one HTML file that needs nothing else: script, style and charting library are in it, and its policy lets
 * it load nothing and run only what is in it. All words are HTML that needs no script; the script adds charts and buttons.
 * What comes from the capture stands there as escaped text, and in a JSON block, and is only ever put into the page as text.
 */
export function htmlPage(data: ReportData, script: string = pageScript()): string {
  const code = closed(`${asset('uplot/uPlot.iife.min.js')}\n${script}`);
  const css = closed(`${asset('uplot/uPlot.min.css')}\n${style}`);
  return `${pageHead({ title: escapedText(titleOf(data)), code, css })}<body>
${body(data)}
<script type="application/json" id="report-data">${jsonInScript(forScript(data))}</script>
<script>${code}</script>
</body>
</html>
`;
}

/** All that is words, so that it can be read where no script runs. */
function body(data: ReportData): string {
  const { header, sections } = reportContent(markup, data);
  return `${header.text}\n<main class="report">\n${sections.map(({ text }) => text).join('\n')}\n</main>`;
}

/** What stands in the page as words is not needed a second time. */
function forScript(data: ReportData): ReportData {
  return {
    ...data,
    findings: data.findings.map((finding) => ({
      ...finding,
      message: '',
      remedy: '',
      facts: [],
      ladder: [],
      filters: [],
    })),
    tables: shownTables(data),
  };
}

function titleOf({ captures, verdict }: ReportData): string {
  const [first] = captures;
  const name = first === undefined ? '' : first.file.slice(first.file.lastIndexOf('/') + 1);
  return `${name === '' || name === '-' ? 'Capture' : name}: ${verdict.headline}`;
}

/** JSON that cannot end its script block, open a comment, or mean anything as markup. */
export function jsonInScript(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Our own code and style, which must not hold what would end their element. */
function closed(text: string): string {
  const lines = text.replace(/\r\n?/g, '\n');
  if (/<\/(?:script|style)|<!--/i.test(lines)) throw new Error('the code of the page would end its own element');
  return lines;
}
