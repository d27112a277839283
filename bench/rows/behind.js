/**
 * Reads a capture into what stands behind the wall, as far as is asked: `observations` (nobody listens), `model` (no rules),
 * `rules` (all of them, and no document).
 */
import process from 'node:process';
import { watchHeap } from '../../dist/cli/terminal/heap.js';
import { Model } from '../../dist/model/model.js';
import { CaptureReader } from '../../dist/observations/captureReader.js';
import { sinkOf } from '../../dist/observations/forward.js';
import { Analysis } from '../../dist/rules/analysis.js';

const [asked, ...files] = process.argv.slice(2);
const model = new Model();
const analysis = asked === 'rules' ? new Analysis() : null;
const sinks = { observations: sinkOf({}), model, rules: analysis?.sink };

let chunks = 0;
const reader = new CaptureReader(files, sinks[asked]);
await reader.read(() => {
  if (++chunks % 4 === 0) watchHeap();
});
const { time } = reader.last;
if (analysis !== null) analysis.end(time);
else model.end(time);
console.log((analysis?.model ?? model).totals.messages, analysis?.findings.length ?? 0);
