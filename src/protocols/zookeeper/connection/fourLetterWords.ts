/** Four-letter words of ZooKeeper 3.4 to 3.9 (FourLetterCommands): the first four bytes of a connection, unframed. */
export const fourLetterWords: readonly string[] = [
  'conf',
  'cons',
  'crst',
  'dump',
  'envi',
  'ruok',
  'srst',
  'srvr',
  'stat',
  'wchc',
  'wchp',
  'wchs',
  'mntr',
  'isro',
  'gtmk',
  'stmk',
  'hash',
  'dirs',
  'reqs',
  'kill',
  'orst',
];

/** By their four bytes, as a big-endian number. */
const byBytes = new Map(fourLetterWords.map((word) => [Buffer.from(word, 'latin1').readInt32BE(), word]));

/** The word at `start`, null if there is none of them. Needs 4 bytes. */
export function fourLetterWord(bytes: Buffer, start: number, end: number): string | null {
  if (end - start < 4) return null;
  return byBytes.get(bytes.readInt32BE(start)) ?? null;
}
