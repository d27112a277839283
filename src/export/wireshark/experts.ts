/** What Wireshark's expert information says of a message: groups and severities as its Lua names them. */
export interface DissectorExpert {
  /** Behind `zookeeper.expert.`; also its key in the script. */
  readonly name: string;
  readonly text: string;
  readonly group: 'RESPONSE_CODE' | 'MALFORMED' | 'UNDECODED' | 'SEQUENCE';
  readonly severity: 'CHAT' | 'NOTE' | 'WARN' | 'ERROR';
}

// prettier-ignore
export const dissectorExperts: readonly DissectorExpert[] = [
  { name: 'error', group: 'RESPONSE_CODE', severity: 'WARN', text: 'The server answered with an error' },
  { name: 'refused', group: 'RESPONSE_CODE', severity: 'NOTE', text: 'The server answered that the znode is not as expected' },
  { name: 'expired', group: 'RESPONSE_CODE', severity: 'ERROR', text: 'The session has expired' },
  { name: 'malformed', group: 'MALFORMED', severity: 'ERROR', text: 'The record ends early' },
  { name: 'unknown_op', group: 'UNDECODED', severity: 'WARN', text: 'No version of ZooKeeper up to 3.9 has this operation' },
  { name: 'truncated', group: 'UNDECODED', severity: 'NOTE', text: 'The message was not captured whole' },
  { name: 'hidden', group: 'UNDECODED', severity: 'NOTE', text: 'There are more elements than are shown' },
  { name: 'skipped', group: 'SEQUENCE', severity: 'NOTE', text: 'Not a message: something before was not captured' },
  { name: 'no_request', group: 'SEQUENCE', severity: 'CHAT', text: 'The request of this answer is not in the capture' },
];
