/** Counts frames with our reader alone. */
import process from 'node:process';
import { CaptureSet } from '../../dist/capture/captureSet.js';
import { Clock } from '../../dist/capture/clock.js';

let frames = 0;
await new CaptureSet(process.argv.slice(2), new Clock()).read(() => {
  frames++;
});
console.log(frames);
