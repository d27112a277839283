import { expect, it } from 'vitest';
import { personalPluginFolder, type Surroundings } from './pluginFolder.js';

const here = (more: Partial<Surroundings>): Surroundings => ({
  platform: 'linux',
  home: '/home/ada',
  environment: {},
  folders: () => null,
  ...more,
});

it('tshark says where plugins of the user are', () => {
  const folders = (): string =>
    'Temp:                \t/tmp\nPersonal Plugins:\t/p/plugins/4.0\nPersonal Lua Plugins:\t/a b/plugins\nGlobal Lua Plugins:\t/usr/lib\n';
  expect(personalPluginFolder(here({ folders }))).toEqual({ path: '/a b/plugins', asked: true });
});

it('where it cannot be asked, or does not say, it is the folder that is documented', () => {
  const unix = { path: '/home/ada/.local/lib/wireshark/plugins', asked: false };
  expect(personalPluginFolder(here({}))).toEqual(unix);
  expect(personalPluginFolder(here({ platform: 'darwin', folders: () => 'Temp:\t/tmp\n' }))).toEqual(unix);
  const windows = { platform: 'win32', home: 'C:\\Users\\ada' };
  expect(personalPluginFolder(here(windows)).path).toBe('C:\\Users\\ada\\AppData\\Roaming\\Wireshark\\plugins');
  const environment = { APPDATA: 'D:\\Roaming' };
  expect(personalPluginFolder(here({ ...windows, environment })).path).toBe('D:\\Roaming\\Wireshark\\plugins');
});
