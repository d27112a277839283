import { schemaText } from '../../report/schemas.js';
import { type SqlColumn, columnsOf, merged, type Schema } from './columns.js';

export interface Table {
  readonly name: string;
  /** What a row is. */
  readonly text: string;
  readonly columns: readonly SqlColumn[];
}

/** The tables that `zkscope query` knows. */
export const tableNames = ['messages', 'gaps', 'connections', 'sessions', 'findings'] as const;
export type TableName = (typeof tableNames)[number];

const TEXTS: Readonly<Record<TableName, string>> = {
  messages: 'one message a row, as decode --json prints it',
  gaps: 'bytes that no message was made of, a row each',
  connections: 'one connection a row: how it began and ended, what TCP saw on it',
  sessions: 'one session a row, as analyze --json lists them',
  findings: 'one finding a row, as analyze --json lists them',
};

function schemaOf(output: string): Schema {
  return JSON.parse(schemaText(output)) as Schema;
}

/** The rows of one kind of line. */
function lineColumns(output: 'decode' | 'journal', title: string): SqlColumn[] {
  return columnsOf(schemaOf(output).oneOf?.find((line) => line.title === title) ?? {});
}

/** The rows of a list in the document of analyze. */
function listColumns(name: 'sessions' | 'findings'): SqlColumn[] {
  return columnsOf(schemaOf('analyze').properties?.[name]?.items ?? {});
}

const COLUMNS: Readonly<Record<TableName, () => readonly SqlColumn[]>> = {
  messages: () => lineColumns('decode', 'message'),
  gaps: () => lineColumns('decode', 'gap'),
  connections: () => {
    const opened = lineColumns('journal', 'opened');
    const start = ['frame', 'time'].map((name) => ({ ...opened.find((column) => column.name === name)! }));
    return [
      ...lineColumns('journal', 'closed').filter(({ name }) => name !== 'kind'),
      opened.find(({ name }) => name === 'midStream')!,
      { name: 'start', type: { object: start }, text: 'its first packet', required: true },
    ];
  },
  sessions: () => listColumns('sessions'),
  findings: () => listColumns('findings'),
};

/** A table of `zkscope query`: its columns follow from the fields of the JSON outputs. */
export function table(name: TableName): Table {
  return { name, text: TEXTS[name], columns: COLUMNS[name]() };
}

/** One table for all lines of a journal (`decode --json --connections`), whatever their kind. */
export function linesTable(): Table {
  const lines = (schemaOf('journal').oneOf ?? []).map(columnsOf);
  return { name: 'zkscope_lines', text: 'one line of decode --json --connections a row', columns: merged(lines) };
}
