import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { clearInterval, setInterval } from 'node:timers';

const GNU_TIME = '/usr/bin/time';
/** Without GNU time the peak is asked of Linux, now and then. */
const POLL_MILLISECONDS = 10;
const hasGnuTime = spawnSync(GNU_TIME, ['-f', '%M', 'true']).status === 0;

/**
 * Runs a command, its output thrown away. Resolves to wall-clock seconds, seconds of processor time (null without GNU
 * time) and the peak of its resident memory in bytes (null where the system does not tell). Rejects if it fails.
 */
export function measure(command, args) {
  const report = join(tmpdir(), `zkscope-bench-${process.pid}`);
  const [program, programArgs] = hasGnuTime
    ? [GNU_TIME, ['-o', report, '-f', '%U %S %M', command, ...args]]
    : [command, args];
  const output = openSync(devNull, 'w');
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, programArgs, { stdio: ['ignore', output, 'pipe'] });
    let peak = null;
    const poll = hasGnuTime ? undefined : setInterval(() => (peak = peakOf(child.pid) ?? peak), POLL_MILLISECONDS);
    let errors = '';
    child.stderr.on('data', (chunk) => (errors = (errors + chunk).slice(-2000)));
    child.on('error', reject);
    child.on('close', (status) => {
      const seconds = (performance.now() - start) / 1000;
      clearInterval(poll);
      closeSync(output);
      if (status !== 0) {
        rmSync(report, { force: true });
        reject(new Error(`${command} ${args.join(' ')} ended with status ${status}: ${errors.trim()}`));
        return;
      }
      let processor = null;
      if (hasGnuTime) {
        const [user, system, kibibytes] = readFileSync(report, 'utf8').trim().split('\n').at(-1).split(' ').map(Number);
        processor = user + system;
        peak = kibibytes * 1024;
        rmSync(report);
      }
      resolve({ seconds, processor, peak });
    });
  });
}

function peakOf(pid) {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return match === null ? null : Number(match[1]) * 1024;
  } catch {
    return null;
  }
}
