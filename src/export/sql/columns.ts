/** What a value of a column is; databases name it as they do. */
export type ColumnType =
  | 'text'
  | 'texts'
  | 'integer'
  | 'count'
  | 'number'
  | 'boolean'
  | 'time'
  /** Anything else, as JSON. */
  | 'json'
  | { readonly object: readonly SqlColumn[] }
  | { readonly list: readonly SqlColumn[] };

export interface SqlColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** What it means, for people. */
  readonly text: string;
  /** It is null in no row. */
  readonly required: boolean;
}

/** As much of a JSON Schema as the schemas of zkscope's outputs use. */
export interface Schema {
  readonly title?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

const TIME = '^\\d{4}-';

/** The columns of a table whose rows a schema describes, in the order in which it names them. */
export function columnsOf(schema: Schema): SqlColumn[] {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    type: typeOf(field),
    text: field.description ?? '',
    required: schema.required?.includes(name) === true && !mayBeNull(field),
  }));
}

function mayBeNull({ anyOf = [], type }: Schema): boolean {
  return [...anyOf.map((one) => one.type), ...(Array.isArray(type) ? (type as unknown[]) : [type])].includes('null');
}

function typeOf(schema: Schema): ColumnType {
  const { anyOf, enum: names } = schema;
  if (anyOf !== undefined) return common(anyOf.filter(({ type }) => type !== 'null').map(typeOf));
  if (schema.const !== undefined) return typeof schema.const === 'boolean' ? 'boolean' : 'text';
  if (names !== undefined) return 'text';
  if (Array.isArray(schema.type))
    return common(
      schema.type.filter((type) => type !== 'null').map((type) => typeOf({ ...schema, type: String(type) })),
    );
  switch (schema.type) {
    case 'string':
      return schema.pattern?.startsWith(TIME) === true ? 'time' : 'text';
    case 'integer':
      return (schema.minimum ?? -1) >= 0 ? 'count' : 'integer';
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'array':
      return listType(schema.items ?? {});
    case 'object': {
      const object = columnsOf(schema);
      return object.length === 0 ? 'json' : { object };
    }
    default:
      return 'json';
  }
}

function listType(items: Schema): ColumnType {
  const item = typeOf(items);
  if (item === 'text') return 'texts';
  return typeof item === 'object' && 'object' in item ? { list: item.object } : 'json';
}

/** What holds all of them: of different objects JSON, of a name or a number text. */
function common(types: readonly ColumnType[]): ColumnType {
  const [first = 'json', ...others] = [...new Map(types.map((type) => [JSON.stringify(type), type])).values()];
  if (others.length === 0) return first;
  const all = [first, ...others];
  if (all.every((type) => type === 'integer' || type === 'count')) return 'integer';
  if (all.every((type) => type === 'integer' || type === 'count' || type === 'number')) return 'number';
  return all.every((type) => typeof type === 'string' && type !== 'json' && type !== 'texts') ? 'text' : 'json';
}

/** The columns of several tables as those of one, whose rows are of any of them. */
export function merged(tables: readonly (readonly SqlColumn[])[]): SqlColumn[] {
  const columns = new Map<string, SqlColumn>();
  for (const table of tables) {
    for (const column of table) {
      const known = columns.get(column.name);
      const required = tables.every((other) =>
        other.some(({ name, required: always }) => name === column.name && always),
      );
      if (known === undefined) columns.set(column.name, { ...column, required });
      else columns.set(column.name, { ...known, type: common([known.type, column.type]) });
    }
  }
  return [...columns.values()];
}
