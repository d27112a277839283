import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const place = temporaryFolder('each');

describe('zkscope wireshark', () => {
  it('prints the script', async () => {
    const { status, stdout, stderr } = await runCli('wireshark');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^-- ZooKeeper dissector for Wireshark, made by zkscope/);
  });

  it('installs it, makes the folder, and says where it went; again over its own', async () => {
    const plugins = join(place(), 'new', 'plugins');
    const file = join(plugins, 'zookeeper.lua');
    for (let times = 0; times < 2; times++) {
      const { status, stdout } = await runCli('wireshark', '--install', '--folder', plugins);
      expect(status).toBe(0);
      expect(stdout.split('\n')[0]).toBe(file);
      expect(readFileSync(file, 'utf8')).toBe((await runCli('wireshark')).stdout);
      expect(readdirSync(plugins)).toEqual(['zookeeper.lua']);
    }
  });

  it('does not overwrite what is not its own, but with --force', async () => {
    const file = place('zookeeper.lua');
    writeFileSync(file, '-- mine\n');
    const refused = await runCli('wireshark', '--install', '--folder', place());
    expect(refused.status).toBe(2);
    expect(refused.stderr).toBe(`zkscope: ${file} is there and was not made by zkscope; --force overwrites it\n`);
    expect(readFileSync(file, 'utf8')).toBe('-- mine\n');
    expect((await runCli('wireshark', '--folder', place(), '--force')).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^-- ZooKeeper dissector/);
  });

  it('says in a line what is in its way', async () => {
    writeFileSync(place('file'), '');
    const { status, stderr } = await runCli('wireshark', '--folder', place('file'));
    expect(status).toBe(2);
    expect(stderr).toMatch(/^zkscope: cannot make the folder .*\n$/);
    mkdirSync(place('zookeeper.lua'));
    const directory = await runCli('wireshark', '--folder', place());
    expect([directory.status, directory.stderr]).toEqual([
      2,
      `zkscope: cannot read ${place('zookeeper.lua')}: it is a directory\n`,
    ]);
    expect((await runCli('wireshark', '--force')).stderr).toBe('zkscope: --force is of use with --install only\n');
  });
});
