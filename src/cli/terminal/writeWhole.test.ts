import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OutputError } from './output.js';
import { isInput, writeWhole } from './writeWhole.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const place = temporaryFolder();

describe('writeWhole', () => {
  it('gives the name to a new file: who has the old one open, or linked, keeps it whole', async () => {
    writeFileSync(place('a.html'), 'old');
    linkSync(place('a.html'), place('kept.html'));
    await writeWhole(place('a.html'), 'new');
    expect([readFileSync(place('a.html'), 'utf8'), readFileSync(place('kept.html'), 'utf8')]).toEqual(['new', 'old']);
    expect(readdirSync(place()).sort()).toEqual(['a.html', 'kept.html']);
  });

  it('writes what is no file as it is', async () => {
    await writeWhole('/dev/null', 'text');
    await expect(writeWhole('/dev/full', 'text')).rejects.toEqual(
      new OutputError('cannot write /dev/full: no space left on the device'),
    );
  });

  it('says in a few words why it cannot', async () => {
    mkdirSync(place('directory'));
    await expect(writeWhole(place('none/a.html'), 'text')).rejects.toThrow(/: no such directory$/);
    await expect(writeWhole(place('directory'), 'text')).rejects.toThrow(/: it is a directory$/);
  });
});

describe('isInput', () => {
  it('sees through links of both kinds, and the name of a host', () => {
    writeFileSync(place('x.pcap'), 'x');
    writeFileSync(place('y.pcap'), 'x');
    linkSync(place('x.pcap'), place('hard.pcap'));
    symlinkSync(place('x.pcap'), place('soft.pcap'));
    const same = (name: string): boolean => isInput(place(name), ['-', `zk1=${place('x.pcap')}`]);
    expect(['x.pcap', 'hard.pcap', 'soft.pcap', 'y.pcap', 'none.pcap'].map(same)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });
});
