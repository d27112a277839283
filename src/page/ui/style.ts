/** What the page has beyond the report's style sheet, whose colours it uses. */
export const appStyle = `
.skip { position: absolute; left: -999px; }
.skip:focus { left: 12px; top: 8px; background: var(--card); padding: 6px 10px; z-index: 10; }
header.top { display: grid; grid-template-columns: auto 1fr auto; gap: 4px 18px; align-items: baseline; padding-top: 18px; }
.promise { margin: 0; color: var(--good); font-size: 14px; }
.drop { margin-top: 12px; border: 2px dashed var(--line); border-radius: 10px; padding: 14px 18px; background: var(--card); }
.drop.over { border-color: var(--link); background: var(--info-soft); }
.empty .drop { padding: 44px 24px; text-align: center; }
body:not(.empty) .kinds { display: none; }
.kinds { color: var(--muted); margin: 10px auto 0; max-width: 62em; font-size: 14px; }
.choose { display: inline-block; background: var(--link); color: var(--card); border-radius: 6px; padding: 6px 16px; cursor: pointer; font-weight: 600; }
.choose:has(+ input:focus-visible) { outline: 2px solid var(--focus); outline-offset: 2px; }
.given { list-style: none; display: inline-flex; flex-wrap: wrap; gap: 6px 10px; margin: 0 0 0 14px; padding: 0; vertical-align: middle; }
.empty .given { margin: 12px 0 0; }
.given li { background: var(--code); border-radius: 6px; padding: 2px 4px 2px 10px; font-size: 14px; overflow-wrap: anywhere; }
.given button { border: 0; background: none; padding: 0 6px; }
.empty .tools { display: none; }
.tools nav { display: flex; flex-wrap: wrap; gap: 4px 6px; margin-top: 14px; }
.tools nav a { padding: 5px 12px; border: 1px solid var(--line); border-radius: 6px; text-decoration: none; background: var(--card); }
.tools nav a[aria-current] { background: var(--link); border-color: var(--link); color: var(--card); font-weight: 600; }
.line { display: flex; gap: 8px; align-items: center; margin-top: 8px; font-family: ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 14px; }
.line input { flex: 1; min-width: 0; }
.line input, .ask input, .ask textarea, .filters-form input { padding: 5px 10px; border: 1px solid var(--line); border-radius: 6px; background: var(--card); color: inherit; font: inherit; }
.filter-box { margin-top: 8px; }
.filter-box summary { cursor: pointer; }
.filters-form { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 8px 14px; margin-top: 8px; align-items: end; }
.filters-form label { display: block; font-size: 13px; color: var(--muted); }
.filters-form input { width: 100%; }
.filters-form .apply { display: flex; gap: 8px; }
.ask { display: grid; gap: 6px; max-width: 640px; margin-top: 8px; }
.ask label { color: var(--muted); font-size: 14px; }
.ask button { justify-self: start; }
.ask textarea { font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
ul.znodes { columns: 2 320px; margin: 8px 0 0; padding: 0; list-style: none; }
.bar { display: flex; gap: 12px; align-items: center; margin-top: 12px; }
.bar progress { flex: 1; max-width: 420px; accent-color: var(--link); }
main:focus { outline: none; }
main > section { margin-top: 18px; }
.heading { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; justify-content: space-between; }
.terminal { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; margin: 8px 0 0; overflow-x: auto;
  font: 13.5px/1.5 ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
.terminal.probe { position: absolute; visibility: hidden; padding: 0; border: 0; }
.terminal .bold { font-weight: 700; }
.terminal .dim { color: var(--muted); }
.terminal .italic { font-style: italic; }
.terminal .underline { text-decoration: underline; }
.terminal .red { color: var(--error); }
.terminal .yellow { color: var(--warning); }
.terminal .green { color: var(--good); }
.terminal .blue, .terminal .cyan { color: var(--info); }
.terminal .magenta { color: var(--notifications); }
.terminal a { color: inherit; text-decoration-color: var(--link); text-decoration-thickness: 1px; text-underline-offset: 3px; }
.terminal a:hover { color: var(--link); }
.said { border-left: 4px solid var(--muted); padding: 6px 12px; margin: 10px 0 0; background: var(--card); overflow-wrap: anywhere; white-space: pre-wrap; }
.said.failed { border-left-color: var(--error); }
.report header.page { display: none; }
.welcome { text-align: center; color: var(--muted); max-width: 46em; margin: 24px auto; }
footer { margin-top: 40px; color: var(--muted); font-size: 13px; }
footer pre { white-space: pre-wrap; }
@media (max-width: 720px) {
  header.top { grid-template-columns: 1fr auto; }
  .promise { grid-column: 1 / -1; grid-row: 2; }
  .terminal { font-size: 12px; padding: 10px; }
  .tools nav a { padding: 5px 9px; font-size: 14px; }
}
@media print { .drop, .tools, .bar, footer, .promise, header.top { display: none !important; } }
`;
