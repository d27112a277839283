import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { createDuckdb, duckdbType, literal, quoted } from './duckdb.js';
import type { Table } from './tables.js';

/** Memory that the database may take; what is more goes to a temporary file. */
const MEMORY = '512MB';
/** Characters of rows that are put into a table at a time. */
const BATCH = 16 * 1024 * 1024;

/** DuckDB is not installed: it is an optional dependency. */
export class NoDatabaseError extends Error {
  override readonly name = 'NoDatabaseError';
}

/** DuckDB did not understand, or could not do, what it was asked. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
}

interface Filling {
  readonly table: Table;
  rows: string;
  /** Characters of the longest row among them. */
  longest: number;
}

/** Bytes of a row that DuckDB is ready for at least: it keeps several buffers of such rows. */
const ROW_BYTES = 1024 * 1024;

/** An embedded DuckDB in a folder of its own, which is deleted in the end. */
export class Database {
  private readonly filling = new Map<string, Filling>();
  private pending = 0;

  private constructor(
    private readonly folder: string,
    private readonly connection: DuckDBConnection,
    private readonly release: () => void,
  ) {}

  /** Throws NoDatabaseError. */
  static async open(): Promise<Database> {
    const { DuckDBInstance } = await load();
    const folder = await mkdtemp(join(tmpdir(), 'zkscope-query-'));
    const instance = await DuckDBInstance.create(join(folder, 'rows.duckdb'), {
      memory_limit: MEMORY,
      temp_directory: join(folder, 'spilled'),
      // Nothing is fetched from anywhere without being asked for.
      autoinstall_known_extensions: 'false',
      preserve_insertion_order: 'true',
    });
    return new Database(folder, await instance.connect(), () => {
      instance.closeSync();
    });
  }

  async create(table: Table): Promise<void> {
    await this.run(createDuckdb(table));
    this.filling.set(table.name, { table, rows: '', longest: 0 });
  }

  /** A row, as the JSON output has it; what has no column is left out. */
  add(table: string, row: object): void {
    const filling = this.filling.get(table);
    if (filling === undefined) return;
    const text = JSON.stringify(row);
    filling.rows += `${text}\n`;
    filling.longest = Math.max(filling.longest, text.length);
    this.pending += text.length;
  }

  /** To be awaited now and then: puts rows into their tables if they have become many, or all. */
  async drain(all = false): Promise<void> {
    if (!all && this.pending < BATCH) return;
    this.pending = 0;
    for (const filling of this.filling.values()) {
      if (filling.rows === '') continue;
      const file = join(this.folder, 'rows.ndjson');
      await writeFile(file, filling.rows);
      filling.rows = '';
      const { name, columns } = filling.table;
      const types = columns.map((column) => `${quoted(column.name)}: ${literal(duckdbType(column.type))}`).join(', ');
      // A character has three bytes at most.
      const size = Math.max(ROW_BYTES, 3 * filling.longest + 1);
      filling.longest = 0;
      const options = `format='newline_delimited', maximum_object_size=${size}, columns={${types}}`;
      await this.run(`INSERT INTO ${name} SELECT * FROM read_json(${literal(file)}, ${options})`);
      await rm(file);
    }
  }

  /** Runs statements that return nothing of interest. Throws DatabaseError. */
  async run(sql: string): Promise<void> {
    await this.asking(() => this.connection.run(sql));
  }

  /** Runs statements; the rows are those of the last, as they come. Throws DatabaseError. */
  async query(sql: string): Promise<DuckDBResult> {
    return await this.asking(async () => {
      const statements = await this.connection.extractStatements(sql);
      if (statements.count === 0) throw new Error('there is no statement in it');
      for (let i = 0; i < statements.count - 1; i++) await (await statements.prepare(i)).run();
      return (await statements.prepare(statements.count - 1)).stream();
    });
  }

  async close(): Promise<void> {
    this.connection.closeSync();
    this.release();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async asking<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      throw new DatabaseError(error instanceof Error ? error.message : String(error));
    }
  }
}

async function load(): Promise<typeof import('@duckdb/node-api')> {
  try {
    return await import('@duckdb/node-api');
  } catch {
    throw new NoDatabaseError('DuckDB is not installed: npm install -g @duckdb/node-api, beside zkscope');
  }
}
