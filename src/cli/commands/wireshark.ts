import { mkdir, readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { personalPluginFolder, scriptPath } from '../../export/wireshark/pluginFolder.js';
import { SCRIPT_MARK, wiresharkDissector } from '../../export/wireshark/dissector.js';
import { OutputError, print, writeProblem } from '../terminal/output.js';
import { writeWhole } from '../terminal/writeWhole.js';
import { UsageError } from '../usage.js';
import { version } from '../version.js';

interface WiresharkOptions {
  readonly install?: boolean;
  readonly folder?: string;
  readonly force?: boolean;
}

/** `zkscope wireshark`: the dissector for Wireshark and tshark. */
export function wiresharkCommand(): Command {
  return new Command('wireshark')
    .description('print a ZooKeeper dissector for Wireshark and tshark (Lua), or install it')
    .option('--install', "write it into Wireshark's folder for plugins of this user, and say where")
    .addOption(new Option('--folder <directory>', 'install it into this folder instead').implies({ install: true }))
    .addOption(new Option('--force', 'overwrite a zookeeper.lua that zkscope did not make'))
    .addHelpText(
      'after',
      `
  zkscope wireshark --install
  zkscope wireshark > zookeeper.lua && tshark -X lua_script:zookeeper.lua -r capture.pcap -Y zookeeper.error`,
    )
    .action(async (options: WiresharkOptions) => {
      const text = wiresharkDissector(version());
      if (options.install === true) await print(await installed(text, options));
      else if (options.force === true) throw new UsageError('--force is of use with --install only');
      else await print(text);
    });
}

/** @returns what is to be said of it */
async function installed(text: string, { folder, force }: WiresharkOptions): Promise<string> {
  const { path, asked } = folder === undefined ? personalPluginFolder() : { path: folder, asked: true };
  const file = scriptPath(path);
  const before = await contentsOf(file);
  if (before !== null && !before.startsWith(SCRIPT_MARK) && force !== true) {
    throw new UsageError(`${file} is there and was not made by zkscope; --force overwrites it`);
  }
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new OutputError(`cannot make the folder ${path}: ${writeProblem(error)}`);
  }
  await writeWhole(file, text);
  const guess = asked ? '' : ' (tshark could not be asked: this is the folder that Wireshark documents)';
  return `${file}${guess}\nWireshark reads it when it starts, or with Analyze > Reload Lua Plugins.\n`;
}

/** Null where there is no such file. */
async function contentsOf(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new UsageError(`cannot read ${file}: ${writeProblem(error)}`);
  }
}
