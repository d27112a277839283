import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join, posix, win32 } from 'node:path';

/** Where a user's Wireshark looks for Lua, and who says so. */
export interface PluginFolder {
  readonly path: string;
  /** tshark was asked; otherwise it is the folder that Wireshark's documentation names. */
  readonly asked: boolean;
}

/** What is asked of the system; for tests. */
export interface Surroundings {
  readonly platform: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What `tshark -G folders` prints, null where it cannot be run. */
  readonly folders: () => string | null;
}

const PATIENCE_MS = 20_000;

const system: Surroundings = {
  platform: process.platform,
  home: homedir(),
  environment: process.env,
  folders: () => {
    const { status, stdout } = spawnSync('tshark', ['-G', 'folders'], {
      encoding: 'utf8',
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    });
    return status === 0 ? stdout : null;
  },
};

/** The folder for Lua plugins of this user: what tshark says, or the one that is documented for the system. */
export function personalPluginFolder({ platform, home, environment, folders }: Surroundings = system): PluginFolder {
  const said = /^Personal Lua Plugins:\s*(\S.*?)\s*$/m.exec(folders() ?? '')?.[1];
  if (said !== undefined) return { path: said, asked: true };
  if (platform === 'win32') {
    const roaming = environment['APPDATA'] ?? win32.join(home, 'AppData', 'Roaming');
    return { path: win32.join(roaming, 'Wireshark', 'plugins'), asked: false };
  }
  return { path: posix.join(home, '.local', 'lib', 'wireshark', 'plugins'), asked: false };
}

/** The script within a folder. */
export function scriptPath(folder: string): string {
  return join(folder, 'zookeeper.lua');
}
