/**
 * Shows what a recorder that is killed loses: an endless capture, made on the fly and sent at the pace of its own times, goes
 * into `zkscope record`, which is killed with SIGKILL now and then and started again at the next packet. Afterwards each
 * message that was sent is looked for in the files.
 *
 *   npm run bench:recorder -- [--minutes 20] [--kills 10] [--shape fixture] [--rate 1000] [--every 2m]
 */
import { spawn, spawnSync } from 'node:child_process';
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, statSync, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { constants, createGunzip } from 'node:zlib';

const OUT = fileURLToPath(new URL('out/recorder', import.meta.url));
const GENERATE = fileURLToPath(new URL('generate.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('../bin/zkscope.js', import.meta.url));

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    kills: { type: 'string', default: '10' },
    shape: { type: 'string', default: 'fixture' },
    rate: { type: 'string', default: '1000' },
    every: { type: 'string', default: '2m' },
  },
});
const seconds = Number(options.minutes) * 60;
const kills = Number(options.kills);
const rate = Number(options.rate);
rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

const generator = spawn(process.execPath, [GENERATE, options.shape, '--packets', String(Math.ceil(seconds * rate))], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const packets = packetsOf(generator.stdout);
const header = (await packets.next()).value;
const sentFile = createWriteStream(join(OUT, 'sent.pcap'));
sentFile.write(header);

let recorder = start();
const peaks = [];
const killTimes = [];
/** Seconds of processor time of each recorder, as far as it was looked at. */
const processor = new Map();
const poll = setInterval(() => {
  peaks.push(memory(recorder.pid));
  processor.set(recorder.pid, processorTime(recorder.pid) ?? processor.get(recorder.pid) ?? 0);
}, 1000);
const begin = Date.now();
let sent = 0;
let nextKill = 1;
for await (const packet of packets) {
  // The times of packets are those of sending, so that what a kill loses is counted in seconds of the recording.
  const now = begin + (sent * 1000) / rate;
  packet.writeUInt32LE(Math.floor(now / 1000), 0);
  packet.writeUInt32LE(Math.floor((now % 1000) * 1000), 4);
  if (sent % Math.max(1, Math.floor(rate / 100)) === 0) {
    const ahead = now - Date.now();
    if (ahead > 0) await sleep(ahead);
    const elapsed = (Date.now() - begin) / 1000;
    if (nextKill <= kills && elapsed >= (nextKill * seconds) / (kills + 1)) {
      nextKill++;
      killTimes.push(now / 1000);
      recorder.kill('SIGKILL');
      await new Promise((resolve) => recorder.on('exit', resolve));
      recorder = start();
    }
  }
  sent++;
  if (!sentFile.write(packet)) await new Promise((resolve) => sentFile.once('drain', resolve));
  if (!recorder.stdin.write(packet)) await new Promise((resolve) => recorder.stdin.once('drain', resolve));
}
recorder.stdin.end();
await new Promise((resolve) => recorder.on('exit', resolve));
clearInterval(poll);
const sentFor = (Date.now() - begin) / 1000;
await new Promise((resolve) => sentFile.end(resolve));

const recorded = await linesOf(files().map((name) => join(OUT, name)));
const reference = spawn(process.execPath, [PROGRAM, 'decode', '--json', join(OUT, 'sent.pcap')], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let messages = 0;
let lost = 0;
const lostNear = new Map();
let farthest = 0;
for await (const line of createInterface({ input: reference.stdout })) {
  const message = JSON.parse(line);
  messages++;
  if (recorded.has(key(message))) continue;
  lost++;
  const kill = killTimes.reduce(
    (best, time) => (Math.abs(time - message.ts) < Math.abs(best - message.ts) ? time : best),
    0,
  );
  farthest = Math.max(farthest, kill - message.ts);
  lostNear.set(kill, (lostNear.get(kill) ?? 0) + 1);
}
const sizes = files().map((name) => statSync(join(OUT, name)).size);
const all = await findings(files().map((name) => join(OUT, name)));
const alone = [];
for (const name of files()) alone.push(...(await findings([join(OUT, name)])));
console.log(
  JSON.stringify(
    {
      packets: sent,
      messages,
      kills: killTimes.length,
      messagesLost: lost,
      lostPerKill: killTimes.map((time) => lostNear.get(time) ?? 0),
      secondsBeforeKillAtMost: Number(farthest.toFixed(3)),
      files: sizes.length,
      bytesPerMessage: Number((sizes.reduce((a, b) => a + b, 0) / messages).toFixed(1)),
      captureBytesPerMessage: Number((statSync(join(OUT, 'sent.pcap')).size / messages).toFixed(1)),
      memoryMegabytes: thirds(peaks),
      messagesPerSecond: Math.round(messages / sentFor),
      processorSecondsPerSecond: Number(([...processor.values()].reduce((a, b) => a + b, 0) / sentFor).toFixed(3)),
      findingsOfAll: all,
      findingsOfCapture: await findings([join(OUT, 'sent.pcap')]),
      findingsOfFilesAlone: alone,
    },
    null,
    2,
  ),
);

function start() {
  const made = spawn(
    process.execPath,
    [PROGRAM, 'record', '-o', join(OUT, 'zk-%H%M.ndjson.gz'), '--every', options.every, '--host', 'zk1'],
    { stdio: ['pipe', 'ignore', 'inherit'] },
  );
  made.stdin.on('error', () => undefined);
  made.stdin.write(header);
  return made;
}

function files() {
  return readdirSync(OUT)
    .filter((name) => name.endsWith('.gz'))
    .sort();
}

/** The header of the capture, then each packet with its own. */
async function* packetsOf(stream) {
  let bytes = Buffer.alloc(0);
  let first = true;
  for await (const chunk of stream) {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    let at = 0;
    if (first && bytes.length >= 24) {
      yield Buffer.from(bytes.subarray(0, 24));
      at = 24;
      first = false;
    }
    while (!first && bytes.length >= at + 16) {
      const end = at + 16 + bytes.readUInt32LE(at + 8);
      if (end > bytes.length) break;
      yield Buffer.from(bytes.subarray(at, end));
      at = end;
    }
    bytes = bytes.subarray(at);
  }
}

/** Which messages are in the files. Time and place are enough: no two messages of one direction have both. */
async function linesOf(paths) {
  const found = new Set();
  for (const path of paths) {
    // A kill leaves a file without its end: what was flushed is there.
    const text = createReadStream(path).pipe(createGunzip({ finishFlush: constants.Z_SYNC_FLUSH }));
    for await (const line of createInterface({ input: text })) {
      const message = JSON.parse(line);
      if (message.firstFrame !== undefined) found.add(key(message));
    }
  }
  return found;
}

function key({ time, client, kind, op, xid, zxid }) {
  return `${time} ${client} ${kind} ${kind === 'response' ? '' : op} ${xid} ${zxid}`;
}

async function findings(paths) {
  const { stdout } = spawnSync(process.execPath, [PROGRAM, 'analyze', '--json', ...paths], {
    maxBuffer: 1 << 30,
    encoding: 'utf8',
  });
  return JSON.parse(stdout).findings.map(({ rule, confidence }) => `${rule} ${confidence}`);
}

function memory(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1e3;
  } catch {
    return 0;
  }
}

/** User and system time, from Linux' table of processes, in ticks of a hundredth of a second; null where there is none. */
function processorTime(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return null;
  }
}

/** The greatest of each third of the time. */
function thirds(values) {
  const each = Math.ceil(values.length / 3);
  return [0, 1, 2].map((i) => Math.round(Math.max(0, ...values.slice(i * each, (i + 1) * each))));
}
