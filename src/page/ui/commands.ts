/** What a command needs, and how it is called in the page. */
export interface PageCommand {
  readonly name: string;
  /** In the row of views; null where it is only for those who type it. */
  readonly title: string | null;
  /** It reads captures. */
  readonly captures: boolean;
  /** What it is about, where it has to be told. */
  readonly asks: { readonly label: string; readonly example: string; readonly help: readonly string[] } | null;
}

const command = (
  name: string,
  title: string | null,
  captures = true,
  asks: PageCommand['asks'] = null,
): PageCommand => ({
  ...{ name, title, captures, asks },
});

export const COMMANDS: readonly PageCommand[] = [
  command('analyze', 'What happened'),
  command('sessions', 'Sessions'),
  command('path', 'Path', true, { label: 'Which znode?', example: '/services/pay', help: ['tree'] }),
  command('follow', 'Follow', true, {
    label: 'Which session, client or connection?',
    example: '0x1000034e6280002',
    help: ['sessions'],
  }),
  command('tree', 'Tree'),
  command('stats', 'Statistics'),
  command('leases', 'etcd leases'),
  command('decode', 'Messages'),
  command('hex', 'Hex', false, { label: 'Bytes, as a dump shows them', example: '00000008fffffffe0000000b', help: [] }),
  command('report', null),
  command('diff', null),
  command('slice', null),
  command('annotate', null),
  command('rules', null, false),
  command('help', null, false),
];

export const COMMAND_NAMES: readonly string[] = COMMANDS.map(({ name }) => name);

/** Options that all commands over captures have, as the form of filters shows them; --time leaves nothing out. */
export const FILTERS: readonly { readonly option: string; readonly label: string; readonly example: string }[] = [
  { option: '--client', label: 'Client', example: '10.0.0.9 or 10.0.0.9:40001' },
  { option: '--server', label: 'Server', example: '10.0.0.1:2181' },
  { option: '--session', label: 'Session', example: '0x1000034e6280002' },
  { option: '--path', label: 'Znode', example: '/services/pay or /services/**' },
  { option: '--op', label: 'Operation', example: 'getData,create' },
  { option: '--error', label: 'Error', example: '* for any, NoNode …' },
  { option: '--from', label: 'From', example: '+90s or 19:56:02' },
  { option: '--to', label: 'To', example: '+2m or 19:58' },
  { option: '--frame', label: 'Frames', example: '100-200' },
  { option: '--time', label: 'Times as', example: 'utc, local, +08:00' },
];

/** The filters among the words of a command, as words. */
export function filtersIn(words: readonly string[]): string[] {
  const found: string[] = [];
  for (const [i, word] of words.entries()) {
    if (!FILTERS.some(({ option }) => option === word)) continue;
    const value = words[i + 1];
    found.push(word, value === undefined || value.startsWith('--') ? '*' : value);
  }
  return found;
}

/** The words of a command without its filters. */
export function withoutFilters(words: readonly string[]): string[] {
  return words.filter((word, i) => {
    const before = words[i - 1];
    const isFilter = (text: string | undefined): boolean => FILTERS.some(({ option }) => option === text);
    return !isFilter(word) && (word.startsWith('--') || !isFilter(before));
  });
}
