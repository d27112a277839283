/** `dataWatches` as Wireshark writes names of fields: `data_watches`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters, at: number) => `${at === 0 ? '' : '_'}${letters.toLowerCase()}`);
}

/** `data_watches` as Wireshark writes labels: `Data watches`. */
export function fieldLabel(name: string): string {
  const words = name.replaceAll(/[._]/g, ' ').replace(/\bacl\b/, 'ACL');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A string constant of Lua, whatever the text holds. */
export function luaString(text: string): string {
  return JSON.stringify(text).replace(/\\u00([0-9a-f]{2})/g, '\\x$1');
}
