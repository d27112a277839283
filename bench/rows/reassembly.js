/** Counts stream bytes with our reader and reassembly: everything below the protocols. */
import process from 'node:process';
import { CaptureSet } from '../../dist/capture/captureSet.js';
import { Clock } from '../../dist/capture/clock.js';
import { Dissector } from '../../dist/network/dissector.js';
import { TcpReassembly } from '../../dist/network/tcp.js';

let bytes = 0;
let connections = 0;
const handler = {
  data(chunk) {
    bytes += chunk.length;
  },
  gap() {},
  fin() {},
  end() {},
};
const tcp = new TcpReassembly({
  server: (a, b) => (a.port < b.port ? a : b),
  opened() {
    connections++;
    return handler;
  },
  closed() {},
});
const dissector = new Dissector((segment) => {
  tcp.segment(segment);
});
let last = 0;
let lastTime = 0;
await new CaptureSet(process.argv.slice(2), new Clock()).read((frame) => {
  last = frame.number;
  lastTime = frame.time;
  dissector.frame(frame);
});
dissector.end();
tcp.end(last, lastTime);
console.log(connections, bytes);
