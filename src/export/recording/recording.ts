import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalFiles } from '../../observations/journal/rotatingJournal.js';
import { json } from '../../report/formats/json.js';
import type { FileNames } from './fileNames.js';
import { GzipFile } from './gzipFile.js';
import type { LogFile } from './logFile.js';
import { PlainFile } from './plainFile.js';

/** Milliseconds after which lines are on the disk at the latest, and the length of text that does not wait as long. */
const FLUSH_AFTER = 500;
const FLUSH_LENGTH = 1024 * 1024;
/** A full disk: what to wait for, and for how long (milliseconds) until the next attempt. */
const FULL: readonly (string | undefined)[] = ['ENOSPC', 'EDQUOT', 'EFBIG'];
const TRY_AGAIN_AFTER = 1000;

export interface RecordingOptions {
  readonly names: FileNames;
  /** Bytes after which a file is followed by the next part; Infinity for none. */
  readonly maxBytes: number;
  /** Milliseconds after which a file that is not written any more is deleted; Infinity for never. */
  readonly keep: number;
  /** Told once where lines have to be dropped, and once when there is room again. */
  readonly say: (text: string) => void;
  /** How a file is opened, to be made or gone on with. */
  readonly open?: (path: string) => Promise<LogFile>;
}

/** Lines that belong together in one file. */
interface Batch {
  /** Seconds since 1970 of the file's beginning; null for the file at hand. */
  readonly begin: number | null;
  text: string;
  lines: number;
}

/**
 * Lines on their way into files: at most half a second after they came they are on the disk, in files whose names follow
 * each other. Where the disk is full, lines are dropped and counted until there is room.
 */
export class Recording implements JournalFiles {
  /** The file has reached its size: the next line should begin another. */
  full = false;
  /** Lines that could not be written, of all and since `resumed` was last asked. */
  dropped = 0;
  files = 0;
  bytes = 0;
  /** Makes what has to be said before lines go on after some were dropped: called when there may be room again. */
  resumed: (dropped: number) => void = () => undefined;
  private batches: Batch[] = [];
  private file: LogFile | null = null;
  private path = '';
  private begin = 0;
  private part = 0;
  private lastFlush = 0;
  private timer: NodeJS.Timeout | null = null;
  private flushing: Promise<void> | null = null;
  private failure: Error | null = null;
  private droppedSince = 0;
  private dropping = false;
  private triedAt = 0;

  constructor(private readonly options: RecordingOptions) {}

  /** The lines that follow belong into the file that begins at `seconds` since 1970, or, of the same time, its next part. */
  next(seconds: number): void {
    this.full = false;
    this.batches.push({ begin: seconds, text: '', lines: 0 });
  }

  write(line: object): void {
    const batch = this.batches.at(-1) ?? this.continuing();
    batch.text += json.record(line);
    batch.lines++;
  }

  /** To be awaited between chunks of input: writes if it is time to. Throws what the system says. */
  async drain(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const length = this.batches.reduce((sum, { text }) => sum + text.length, 0);
    const due = this.lastFlush + FLUSH_AFTER;
    if (length >= FLUSH_LENGTH || (this.batches.length > 0 && Date.now() >= due)) await this.flush();
    else if (this.batches.length > 0) this.timer ??= setTimeout(this.late, Math.max(1, due - Date.now()));
  }

  /** Writes all, and what belongs at the end. Throws what the system says. */
  async finish(): Promise<void> {
    await this.flush();
    await this.shut();
  }

  private readonly late = (): void => {
    this.timer = null;
    this.flush().catch((error: unknown) => {
      this.failure ??= error as Error;
    });
  };

  private continuing(): Batch {
    const batch = { begin: null, text: '', lines: 0 };
    this.batches.push(batch);
    return batch;
  }

  private async flush(): Promise<void> {
    while (this.flushing !== null) await this.flushing;
    this.flushing = this.writeBatches();
    try {
      await this.flushing;
    } finally {
      this.flushing = null;
    }
    if (this.failure !== null) throw this.failure;
  }

  private async writeBatches(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.lastFlush = Date.now();
    if (this.dropping && !this.tryAgain()) return;
    const { batches } = this;
    this.batches = [];
    for (const batch of batches) {
      try {
        if (this.dropping) this.drop(batch);
        else await this.put(batch);
      } catch (error) {
        if (!FULL.includes((error as NodeJS.ErrnoException).code)) throw error;
        this.startDropping(batch);
      }
    }
  }

  private async put({ begin, text }: Batch): Promise<void> {
    if (begin !== null) await this.open(begin);
    if (text === '' || this.file === null) return;
    await this.file.append(text);
    this.full = this.file.size >= this.options.maxBytes;
    if (this.droppedSince === 0) return;
    this.options.say(`${this.path}: there is room again; ${this.droppedSince} line(s) were dropped`);
    this.droppedSince = 0;
  }

  private startDropping(batch: Batch): void {
    if (this.droppedSince === 0)
      this.options.say(`${this.path}: the disk is full: lines are dropped until there is room`);
    this.dropping = true;
    this.triedAt = Date.now();
    this.drop(batch);
  }

  private drop({ begin, lines }: Batch): void {
    this.dropped += lines;
    this.droppedSince += lines;
    if (begin !== null) this.begin = begin;
  }

  /** What waits is dropped; now and then it is tried whether there is room: what comes then says first what goes on. */
  private tryAgain(): boolean {
    for (const batch of this.batches) this.drop(batch);
    this.batches = [];
    if (Date.now() - this.triedAt < TRY_AGAIN_AFTER) return false;
    this.dropping = false;
    if (this.file === null) this.next(this.begin);
    this.resumed(this.droppedSince);
    // Said again if it fails again: nothing is lost with it.
    for (const batch of this.batches) batch.lines = 0;
    return true;
  }

  private async open(begin: number): Promise<void> {
    const { names } = this.options;
    const last = this.begin;
    await this.shut();
    this.begin = begin;
    const parts = await this.existing();
    this.part = begin === last && this.part > 0 ? this.part + 1 : Math.max(1, parts);
    this.path = names.path(begin, this.part);
    this.file = await (this.options.open ?? openLog)(this.path);
    this.files++;
    this.full = this.file.size >= this.options.maxBytes;
    await this.deleteOld();
  }

  private async shut(): Promise<void> {
    const { file } = this;
    if (file === null) return;
    this.file = null;
    this.bytes += file.size;
    await file.close().catch((error: unknown) => {
      // Without its end it can be read all the same.
      if (!FULL.includes((error as NodeJS.ErrnoException).code)) throw error;
    });
  }

  /** The highest part of a file that is there already, 0 for none. */
  private async existing(): Promise<number> {
    const { names } = this.options;
    let highest = 0;
    for (const name of await readdir(names.folder)) {
      const part = names.part(name) ?? 0;
      if (part > highest && names.path(this.begin, part) === join(names.folder, name)) highest = part;
    }
    return highest;
  }

  private async deleteOld(): Promise<void> {
    const { names, keep } = this.options;
    if (keep === Infinity) return;
    const oldest = Date.now() - keep;
    for (const name of await readdir(names.folder)) {
      const path = join(names.folder, name);
      if (names.part(name) === null || path === this.path) continue;
      // Somebody else may have deleted it meanwhile.
      const stats = await stat(path).catch(() => null);
      if (stats?.isFile() === true && stats.mtimeMs < oldest) await unlink(path).catch(() => undefined);
    }
  }
}

/** Makes a file of a recording, or goes on with it. Throws what the system says. */
export function openLog(path: string): Promise<LogFile> {
  return path.endsWith('.gz') ? GzipFile.open(path) : PlainFile.open(path);
}
