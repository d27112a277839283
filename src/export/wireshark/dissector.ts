import { connections } from './script/connections.js';
import { cut } from './script/cut.js';
import { evidence } from './script/evidence.js';
import { messages } from './script/messages.js';
import { preamble } from './script/preamble.js';
import { records } from './script/records.js';
import { registration } from './script/registration.js';
import { luaTables } from './tables.js';

/** Begins the first line of every such script: what is ours may be overwritten. */
export const SCRIPT_MARK = '-- ZooKeeper dissector for Wireshark, made by zkscope';

/**
 * A dissector for Wireshark 3.6 and later (Lua 5.2 to 5.4): the tables of records that the decoder reads, and code that
 * reads them.
 * @param version of the program
 */
export function wiresharkDissector(version: string): string {
  const head = `${SCRIPT_MARK} ${version}.\n-- zkscope wireshark --install puts it into Wireshark's folder for plugins of this user.\n`;
  const parts = [luaTables(), preamble, evidence, connections, cut, records, messages, registration];
  return `${head}\n${parts.map((part) => part.trim()).join('\n\n')}\n`;
}
