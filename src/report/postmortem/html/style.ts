const LIGHT = `
  --paper: #ffffff; --ground: #f4f6f8; --card: #ffffff; --ink: #17202a; --muted: #55606c; --line: #d5dce3; --grid: #e4e9ee;
  --link: #0b5cad; --code: #eef1f5; --focus: #0b5cad;
  --error: #c0242f; --error-soft: #fdecec; --error-band: rgba(192, 36, 47, 0.1);
  --warning: #a15c00; --warning-soft: #fff4de; --warning-band: rgba(201, 122, 0, 0.14);
  --info: #2b6ca3; --info-soft: #e9f3fb; --info-band: rgba(43, 108, 163, 0.1);
  --good: #1c7a45; --good-soft: #e7f6ed;
  --operations: #3a77c2; --pings: #b4c6da; --errors: #c0242f; --notifications: #8647b5; --latency: #b8860b;
  --sessions: #2a8c7d; --sessions-fill: rgba(42, 140, 125, 0.18);
  --server-0: #7aa7d9; --server-1: #8cc59a; --server-2: #d8b365; --server-3: #b39ad6; --server-4: #6fc0c4; --server-5: #d79bb3;
  --server-more: #a9b2bb;`;

const DARK = `
  --paper: #10151b; --ground: #10151b; --card: #182029; --ink: #e6ebf0; --muted: #a0acb8; --line: #303b47; --grid: #27313b;
  --link: #7cb8f2; --code: #222c37; --focus: #7cb8f2;
  --error: #f2707a; --error-soft: #3a1c21; --error-band: rgba(242, 112, 122, 0.16);
  --warning: #f0b04c; --warning-soft: #372a12; --warning-band: rgba(240, 176, 76, 0.18);
  --info: #7cb8f2; --info-soft: #172b3d; --info-band: rgba(124, 184, 242, 0.14);
  --good: #63c98b; --good-soft: #15301f;
  --operations: #6aa5ea; --pings: #44566a; --errors: #f2707a; --notifications: #be8be8; --latency: #e0b64a;
  --sessions: #58c4b3; --sessions-fill: rgba(88, 196, 179, 0.2);
  --server-0: #4d7fb5; --server-1: #4f9162; --server-2: #9c7c34; --server-3: #7d62a6; --server-4: #3f8a8f; --server-5: #9c5f79;
  --server-more: #66717c;`;

/** The page's style sheet: light and dark, narrow and wide, and on paper. */
export const style = `
:root { color-scheme: light; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not([data-theme]) { color-scheme: dark; ${DARK} } }
:root[data-theme=dark] { color-scheme: dark; ${DARK} }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 1280px; padding: 0 20px 48px; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; }
h1, h2, h3, h4 { line-height: 1.25; margin: 0; }
h1 { font-size: 22px; }
h2 { font-size: 19px; }
h3 { font-size: 16px; }
h4 { font-size: 13px; margin: 18px 0 6px; color: var(--muted); text-transform: uppercase; letter-spacing: 0.04em; }
a { color: var(--link); }
code { font: 0.92em/1.45 ui-monospace, 'SF Mono', 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
button, input { font: inherit; color: inherit; }
button { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 4px 12px; cursor: pointer; }
button:hover:enabled { border-color: var(--muted); }
button:disabled { color: var(--muted); cursor: default; opacity: 0.6; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
section:focus { outline: none; }
section { margin-top: 28px; scroll-margin-top: 12px; }
[hidden] { display: none !important; }
.offscreen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }

header.page { display: grid; grid-template-columns: 1fr auto; gap: 2px 16px; padding-top: 20px; }
.product { margin: 0; color: var(--muted); font-size: 13px; }
.buttons { display: flex; flex-wrap: wrap; gap: 8px; align-items: start; }
.captures { grid-column: 1 / -1; list-style: none; margin: 4px 0 0; padding: 0; color: var(--muted); overflow-wrap: anywhere; }

.verdict { background: var(--card); border: 1px solid var(--line); border-left: 6px solid var(--muted); border-radius: 8px;
  padding: 16px 20px; margin-top: 16px; }
.verdict h2 { font-size: 22px; }
.verdict.error { border-left-color: var(--error); background: var(--error-soft); }
.verdict.warning { border-left-color: var(--warning); background: var(--warning-soft); }
.verdict.info { border-left-color: var(--info); }
.verdict.good { border-left-color: var(--good); background: var(--good-soft); }
.sentences { list-style: none; margin: 12px 0 0; padding: 0; display: grid; gap: 10px; font-size: 16px; overflow-wrap: anywhere; }
.sentences li { display: flex; gap: 10px; }
.sentences a { text-decoration: none; }
.counted { margin: 14px 0 0; color: var(--muted); }
.unseen { margin: 4px 0 0; color: var(--muted); overflow-wrap: anywhere; }
ul.unseen { padding-left: 18px; }

.badge { display: inline-grid; place-items: center; min-width: 24px; height: 24px; padding: 0 5px; border-radius: 12px; border: 0;
  font-size: 13px; font-weight: 700; line-height: 1; color: var(--paper); background: var(--muted); text-decoration: none; flex: none; }
.badge.error { background: var(--error); }
.badge.warning { background: var(--warning); }
.badge.info { background: var(--info); }

.heading { display: flex; flex-wrap: wrap; gap: 8px 16px; justify-content: space-between; align-items: center; }
.zoom { display: flex; gap: 4px; }
.zoom button { min-width: 36px; padding: 4px 8px; }
.hint, .note, .count { color: var(--muted); font-size: 13px; margin: 6px 0; }
.markers { position: relative; margin: 8px 0 2px; }
.markers .badge { position: absolute; min-width: 26px; height: 26px; border-radius: 13px; }
.panel { position: relative; margin: 0; min-width: 0; }
.panel figcaption { position: absolute; left: 0; top: 6px; width: 140px; z-index: 1; line-height: 1.3; pointer-events: none; }
.panel figcaption strong { display: block; font-size: 13px; }
.panel figcaption span { display: block; font-size: 11.5px; color: var(--muted); }
.u-over { cursor: crosshair; }
.u-select { background: var(--info-band); border: 1px solid var(--info); border-width: 0 1px; }
.readout { margin: 4px 0 18px; font-size: 13px; color: var(--muted); font-variant-numeric: tabular-nums; min-height: 1.5em; }

.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 0 8px; padding: 0; font-size: 12.5px; color: var(--muted); }
.legend li { display: flex; gap: 6px; align-items: center; }
.patterns { position: absolute; }
.lane-list { list-style: none; margin: 0; padding: 0; }
.lane-list li { display: grid; grid-template-columns: 200px 1fr; align-items: center; border-top: 1px solid var(--grid); }
.lane-label { font-size: 12.5px; line-height: 1.3; padding: 3px 8px 3px 0; min-width: 0; }
.lane-label small { display: block; color: var(--muted); font-size: 11px; overflow-wrap: anywhere; }
.lane-label .badge { min-width: 18px; height: 18px; font-size: 11px; border-radius: 9px; }
svg.lane { display: block; }
svg .connected { fill: var(--server-more); }
${[0, 1, 2, 3, 4, 5].map((i) => `svg .connected.server-${i} { fill: var(--server-${i}); }`).join('\n')}
svg .pinging { fill: var(--card); opacity: 0.72; }
svg .waiting { fill: url(#hatch-waiting); stroke: var(--warning); stroke-width: 0.8; }
#hatch-waiting .stroke { fill: var(--warning); }
svg .silent { fill: var(--card); stroke: var(--error); stroke-width: 1.2; stroke-dasharray: 3 2; }
svg .event { fill: var(--notifications); }
svg .window { fill: url(#hatch); stroke: var(--muted); stroke-width: 0.8; }
svg .window.changed { fill: url(#hatch-changed); stroke: var(--error); }
svg .ground { fill: var(--card); }
#hatch .stroke { fill: var(--muted); }
#hatch-changed .stroke { fill: var(--error); }
svg .stale { fill: var(--error); }
svg .hole { stroke: var(--warning); stroke-width: 2; stroke-dasharray: 2 2; }
svg .expired { stroke: var(--error); stroke-width: 3; fill: none; }
svg .closed { stroke: var(--ink); stroke-width: 2; }
svg .reset { stroke: var(--warning); stroke-width: 2; }
svg .band.error { fill: var(--error-band); }
svg .band.warning { fill: var(--warning-band); }
svg .band.info { fill: var(--info-band); }
.tip { position: fixed; z-index: 9; max-width: min(420px, calc(100vw - 16px)); padding: 6px 10px; background: var(--card); border: 1px solid var(--line);
  border-radius: 6px; box-shadow: 0 4px 16px rgba(0, 0, 0, 0.22); font-size: 12.5px; pointer-events: none; overflow-wrap: anywhere; }
.more { margin: 8px 0; }

.contents { margin-top: 16px; font-size: 14px; }
.contents ul { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 0; }
.contents a { text-decoration: none; }
.incident { margin-top: 18px; scroll-margin-top: 12px; }
.incident h3 { font-size: 18px; }
.whom { margin: 2px 0 6px; color: var(--muted); overflow-wrap: anywhere; }
.open { border-left: 3px solid var(--error); padding-left: 12px; margin: 12px 0; overflow-wrap: anywhere; }
.open ul { margin: 2px 0; padding-left: 18px; }
.next { color: var(--muted); font-size: 14px; overflow-wrap: anywhere; }
.next code { background: var(--code); border-radius: 4px; padding: 1px 5px; color: var(--ink); }
.finding { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--muted); border-radius: 8px; margin-top: 8px;
  scroll-margin-top: 12px; }
.finding.error { border-left-color: var(--error); }
.finding.warning { border-left-color: var(--warning); }
.finding.info { border-left-color: var(--info); }
.finding summary { display: flex; gap: 10px; padding: 12px 16px; cursor: pointer; list-style: none; }
.finding summary::-webkit-details-marker { display: none; }
.finding summary::after { content: '▸'; color: var(--muted); margin-left: auto; }
.finding[open] summary::after { content: '▾'; }
.says { min-width: 0; overflow-wrap: anywhere; }
.says strong { font-size: 16px; }
.says .message { display: block; }
.proof { padding: 4px 16px 16px 50px; }
.proof:focus { outline: none; }
.finding:has(.proof:focus) { box-shadow: 0 0 0 2px var(--focus); }
.severity { font-size: 12px; text-transform: uppercase; letter-spacing: 0.05em; vertical-align: 2px; margin-right: 4px; }
.error .severity { color: var(--error); }
.warning .severity { color: var(--warning); }
.info .severity { color: var(--info); }
.rule { color: var(--muted); font-size: 13px; }
.message { font-size: 15px; margin: 4px 0 0; overflow-wrap: anywhere; }
.facts { display: grid; gap: 4px 0; margin: 0; }
.facts > div { display: grid; grid-template-columns: 200px 1fr; gap: 12px; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.facts code, .filters code { background: var(--code); border-radius: 4px; padding: 1px 5px; }
.remedy { border-left: 3px solid var(--good); padding-left: 12px; margin: 18px 0 12px; overflow-wrap: anywhere; }

table { border-collapse: collapse; width: 100%; }
.ladder { font-size: 14px; table-layout: fixed; }
.ladder th, .ladder td { padding: 5px 8px; vertical-align: middle; text-align: left; border-top: 1px solid var(--grid); }
.ladder thead th { font-size: 12.5px; color: var(--muted); border-top: 0; }
.ladder th:first-child { width: 74px; text-align: right; }
.ladder th:nth-child(2) { width: 150px; }
.ladder tbody th { font-weight: 700; }
.sides { display: flex; justify-content: space-between; gap: 12px; }
.sides .side { overflow-wrap: anywhere; }
.ladder .time { font-variant-numeric: tabular-nums; color: var(--muted); white-space: nowrap; }
.delta { display: block; font-size: 12px; }
.lines { overflow-wrap: anywhere; }
.lines > span { display: block; }
.ends { font-size: 12px; color: var(--muted); }
.label { text-align: center; padding: 0 14px; }
.ladder .evidence { background: var(--info-soft); }
.finding.error .ladder .evidence { background: var(--error-soft); }
.finding.warning .ladder .evidence { background: var(--warning-soft); }
.evidence .label { font-weight: 600; }
.context th, .context .label, .other th, .tcp th, .tcp .label { font-weight: 400; color: var(--muted); }
.arrow { position: relative; height: 11px; margin: 1px 2px; color: var(--muted); }
.evidence .arrow { color: var(--ink); }
.arrow::before { content: ''; position: absolute; left: 0; right: 0; top: 5px; border-top: 1.5px solid; }
.arrow::after { content: ''; position: absolute; top: 1px; border: 5px solid transparent; }
.arrow.request::after { right: 0; border-left: 9px solid; border-right: 0; }
.arrow.response::after { left: 0; border-right: 9px solid; border-left: 0; }
.arrow.unknown { display: none; }
.stranger .arrow { margin-left: 18%; margin-right: 18%; }
.stranger .arrow::before { border-top-style: dashed; }
.stranger .lines { text-align: center; }
.note { margin: 0; }
.lines .note { font-size: 13.5px; color: var(--ink); }
.omitted td { color: var(--muted); font-size: 13px; padding-top: 2px; padding-bottom: 2px; }
.between { text-align: center; border-left: 1px dotted var(--muted); border-right: 1px dotted var(--muted); }

.filters { list-style: none; margin: 0; padding: 0; display: grid; gap: 6px; }
.filters li { display: grid; grid-template-columns: 150px 1fr auto; gap: 10px; align-items: center; }
.filters .name { color: var(--muted); font-size: 13.5px; }
.copy { padding: 2px 10px; font-size: 13px; white-space: nowrap; }

.search { display: flex; flex-wrap: wrap; gap: 4px 14px; align-items: center; margin: 8px 0; }
input[type=search] { width: min(340px, 100%); padding: 5px 10px; border: 1px solid var(--line); border-radius: 6px; background: var(--card); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; margin-top: 6px; }
.data { font-size: 13.5px; }
.data th, .data td { padding: 5px 8px; text-align: left; border-top: 1px solid var(--grid); vertical-align: top; }
.data th.number, .data td.number { text-align: right; }
.data thead th { border-top: 0; white-space: nowrap; position: sticky; top: 0; background: var(--card); }
.data thead button { border: 0; background: none; padding: 0; font-weight: 700; }
.data thead [aria-sort=ascending] button::after { content: ' ▲'; font-size: 10px; }
.data thead [aria-sort=descending] button::after { content: ' ▼'; font-size: 10px; }
.data td.code, .data td.text { min-width: 72px; max-width: 340px; overflow-wrap: anywhere; }
.data td.code { min-width: 164px; }
.data td.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.data tbody tr:hover { background: var(--code); }

@media (max-width: 720px) {
  body { padding: 0 12px 32px; }
  .verdict { padding: 14px; }
  .proof { padding: 0 12px 14px; }
  .finding summary { padding: 10px 12px; }
  .verdict h2 { font-size: 19px; }
  .sentences, .message { font-size: 14.5px; }
  .facts > div { grid-template-columns: 1fr; gap: 0; }
  .facts > div + div { margin-top: 6px; }
  .panel figcaption { position: static; width: auto; margin-top: 8px; }
  .panel figcaption strong, .panel figcaption span { display: inline; margin-right: 8px; }
  .lane-list li { grid-template-columns: 1fr; }
  .lane-list svg.lane { margin-left: 58px; }
  .lane-label small { display: inline; margin-left: 6px; }
  .ladder { font-size: 13px; }
  .ladder th, .ladder td { padding: 5px 4px; }
  .ladder th:first-child { width: 46px; }
  .ladder th:nth-child(2) { width: 76px; }
  .ladder .time { white-space: normal; overflow-wrap: anywhere; }
  .label { padding: 0; }
  .filters li { grid-template-columns: 1fr auto; }
  .filters .name { grid-column: 1 / -1; }
}

/* The width of A4 between its margins, so that what is drawn fits the paper. */
:root[data-printing] body { max-width: 732px; padding: 0; }
@page { margin: 8mm; }
@media print {
  body { max-width: none; padding: 0; background: #fff; font-size: 11px; }
  .buttons, .zoom, .hint, .search, .more, .copy, .show, .tip { display: none !important; }
  .scroll { overflow: visible; border: 0; }
  /* A table that is wider than the paper would be cut. */
  .data { font-size: 8.5px; line-height: 1.35; }
  h1, .verdict h2 { font-size: 17px; }
  h2 { font-size: 15px; }
  h3, .incident h3, .says strong { font-size: 13px; }
  h4 { font-size: 10.5px; margin: 10px 0 4px; }
  .sentences, .message { font-size: 11.5px; }
  .contents, .note, .rule, .next, .filters .name, .lane-label, .legend { font-size: 10px; }
  .finding summary { padding: 6px 12px; }
  .proof { padding: 2px 12px 10px 46px; }
  .ladder, .lines .note { font-size: 10px; }
  .ladder thead th, .delta, .ends, .omitted td { font-size: 9px; }
  .ladder th, .ladder td { padding: 2px 6px; }
  .facts { gap: 2px 0; }
  .data th, .data td { padding: 3px 4px; }
  .data thead th { position: static; white-space: normal; font-size: 7px; }
  .data td.code { min-width: 54px; }
  .data td.text { min-width: 0; overflow-wrap: break-word; }
  /* What may not be broken is printed again on each page, unless a button is in it. */
  thead { break-inside: avoid; }
  .data thead button { display: contents; }
  .data thead [aria-sort] button::after { content: none; }
  .finding summary::after, .finding[open] summary::after { content: none; }
  /* Where no script opens them for the paper. */
  .finding::details-content { content-visibility: visible; }
  .finding, .verdict { break-inside: auto; }
  h2, h3, h4, .heading, .whom, .finding summary { break-after: avoid; }
  .finding summary, tbody tr, .lane-list li, .panel, .sentences li, .facts > div, .filters li, .remedy, .legend { break-inside: avoid; }
  .verdict, .ladder .evidence, svg, .badge { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
