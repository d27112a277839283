/** Text of at most `width` characters: what is longer loses its middle, where paths differ least. */
export function shorten(text: string, width: number): string {
  const characters = Array.from(text);
  if (characters.length <= width) return text;
  if (width < 3) return '…'.slice(0, width);
  const tail = Math.ceil((width - 1) * 0.6);
  return `${characters.slice(0, width - 1 - tail).join('')}…${characters.slice(characters.length - tail).join('')}`;
}
