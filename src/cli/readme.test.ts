import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { runCli } from '../testing/runCli.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

it('README shows what zkscope prints: otherwise paste the incident of fixtures/incidents/sidecar-drop.pcap anew', async () => {
  const readme = readFileSync(`${root}README.md`, 'utf8');
  const sample = /```\n\$ zkscope sidecar-drop\.pcap\n\n([^`]*)\n```/.exec(readme)?.[1] ?? '';
  const before = process.cwd();
  process.chdir(`${root}fixtures/incidents`);
  try {
    const { stdout } = await runCli('sidecar-drop.pcap');
    expect(sample.length).toBeGreaterThan(1000);
    expect(stdout).toContain(`\n${sample}\n`);
  } finally {
    process.chdir(before);
  }
});
