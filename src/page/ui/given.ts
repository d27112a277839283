import type { GivenFile } from '../system/files.js';

/** A file that was dropped or chosen. */
export interface Given extends GivenFile {
  /** It holds keys that TLS is decrypted with, and is no capture. */
  readonly keyLog: boolean;
}

const HEAD = 4096;
const KEY_LINE =
  /^(?:#.*|\s*|(?:CLIENT_|SERVER_|EARLY_|EXPORTER_|RSA|PMS_CLIENT_)[A-Z_0-9]* [0-9a-fA-F]+ [0-9a-fA-F]+\s*)$/;

/** Whether a file is a key log, by its first lines. */
export async function isKeyLog(blob: Blob): Promise<boolean> {
  let text: string;
  try {
    text = await blob.slice(0, HEAD).text();
  } catch {
    // Whoever reads it says what is wrong with it.
    return false;
  }
  const lines = text.split('\n').slice(0, -1);
  if (blob.size <= HEAD) lines.push(text.slice(text.lastIndexOf('\n') + 1));
  return lines.every((line) => KEY_LINE.test(line)) && lines.some((line) => /^[A-Z]/.test(line));
}

/** A name that no file has yet, and that is no option. */
export function freeName(name: string, taken: readonly string[]): string {
  const plain = name.startsWith('-') ? `./${name}` : name;
  if (!taken.includes(plain)) return plain;
  for (let number = 2; ; number++) {
    const other = `${plain} (${number})`;
    if (!taken.includes(other)) return other;
  }
}

/** The files of a drop, those in folders too. */
export async function filesOf(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items]
    .map((item) => (item.kind === 'file' ? item.webkitGetAsEntry() : null))
    .filter((entry) => entry !== null);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const found: File[] = [];
  for (const entry of entries) await collect(entry, found);
  return found;
}

/** More files than any ring has. */
const MOST = 10_000;

async function collect(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (found.length >= MOST) return;
  if (entry.isFile) {
    found.push(
      await new Promise<File>((resolve, reject) => {
        (entry as FileSystemFileEntry).file(resolve, reject);
      }),
    );
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    const more = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (more.length === 0) return;
    for (const child of more) await collect(child, found);
  }
}
