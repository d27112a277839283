/** Command lines as people type them, and as they stand in an address behind `#`. */

/** Arguments of a line: words between spaces, where quotes and a backslash keep them together as in a shell. */
export function parseLine(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!;
    if (quote !== null) {
      if (character === quote) quote = null;
      else if (character === '\\' && quote === '"' && i + 1 < line.length) word = (word ?? '') + line[++i]!;
      else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === '\\' && i + 1 < line.length) word = (word ?? '') + line[++i]!;
    else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + character;
  }
  if (word !== null) words.push(word);
  return words;
}

/** The other way round. */
export function lineOf(words: readonly string[]): string {
  return words.map((word) => (/^[\w/.:=+,*@%-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/** An address within the page that shows what a command says. */
export function addressOf(words: readonly string[]): string {
  return `#${encodeURIComponent(lineOf(words)).replaceAll('%20', '+').replaceAll('%2F', '/')}`;
}

/** The command of an address; null where the address is no command's. */
export function commandOf(hash: string, commands: readonly string[]): string[] | null {
  let line: string;
  try {
    line = decodeURIComponent(hash.replace(/^#/, '').replaceAll('+', '%20'));
  } catch {
    return null;
  }
  const words = parseLine(line);
  return commands.includes(words[0] ?? '') ? words : null;
}
