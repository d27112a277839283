import { declaredFields, type DeclaredField, type LineDefinition, otherLines } from '../../observations/fields.js';
import { journalLines } from '../../observations/journal/fields.js';
import type { Field, FieldTable, FieldType, FieldTypes } from '../../protocols/field.js';

type Schema = Readonly<Record<string, unknown>>;

const SIMPLE: Readonly<Record<keyof FieldTypes, Schema>> = {
  string: { type: 'string' },
  strings: { type: 'array', items: { type: 'string' } },
  boolean: { type: 'boolean' },
  flag: { const: true },
  integer: { type: 'integer' },
  count: { type: 'integer', minimum: 0 },
  number: { type: 'number' },
  seconds: { type: 'number', minimum: 0 },
  hex64: { type: 'string', pattern: '^0x(0|[1-9a-f][0-9a-f]{0,15})$' },
  time: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{1,12}Z$' },
  address: { type: 'string', description: '10.0.0.1:2181 or [fd77::1]:2181' },
  bufferLength: { type: 'integer', minimum: -1 },
  permissions: { type: 'string', pattern: '^c?d?r?w?a?$' },
  base64: { type: 'string', contentEncoding: 'base64' },
  nameOrNumber: { anyOf: [{ type: 'string' }, { type: 'integer' }] },
  decimal64: { type: 'string', pattern: '^-?[1-9][0-9]*$' },
};

/** What is said for people of a field: its unit comes first where the words do not have it. */
function description({ text, unit }: Field): string {
  return unit === undefined || text.includes(unit) ? text : `${text} (${unit})`;
}

/** Fields of one name that several protocols have; equal ones count once. */
function merged(fields: readonly Field[]): Schema {
  const schemas = new Map<string, Schema>();
  for (const { type } of fields) {
    const schema = typeSchema(type);
    schemas.set(JSON.stringify(schema), schema);
  }
  return anyOf(withoutParts([...schemas.values()], fields));
}

/** A list that several protocols have items of: what may be in any of them. A plain string allows all named ones. */
function withoutParts(schemas: readonly Schema[], fields: readonly Field[]): Schema[] {
  const lists = fields.map(({ type }) => (typeof type === 'object' && 'list' in type ? type.list : null));
  if (schemas.length > 1 && lists.every((list) => list !== null)) {
    return [{ type: 'array', items: objectSchema(Object.assign({}, ...lists) as FieldTable, false) }];
  }
  const anyString = schemas.some((schema) => JSON.stringify(schema) === JSON.stringify(SIMPLE.string));
  return schemas.filter((schema) => !anyString || !('enum' in schema));
}

function anyOf(schemas: readonly Schema[]): Schema {
  return schemas.length === 1 ? schemas[0]! : { anyOf: schemas };
}

function typeSchema(type: FieldType): Schema {
  if (typeof type === 'string') return SIMPLE[type];
  if ('oneOf' in type) return type.oneOf.length === 1 ? { const: type.oneOf[0] } : { enum: type.oneOf };
  if ('object' in type) return objectSchema(type.object, type.closed === true);
  return { type: 'array', items: objectSchema(type.list, type.closed === true) };
}

function fieldSchema(field: Field): Schema {
  const schema = typeSchema(field.type);
  const nullable = field.nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
  return { ...nullable, description: description(field) };
}

function objectSchema(table: FieldTable, closed: boolean): Schema {
  const fields = Object.entries(table);
  return {
    type: 'object',
    required: fields.filter(([, { required }]) => required === true).map(([name]) => name),
    properties: Object.fromEntries(fields.map(([name, field]) => [name, fieldSchema(field)])),
    ...(closed ? { additionalProperties: false } : {}),
  };
}

/** All that protocols say of one field: in words, those of ZooKeeper's clients first and without a name. */
function propertySchema(declared: readonly DeclaredField[]): Schema {
  const texts = new Map<string, string[]>();
  for (const { field, protocol } of declared) {
    const text = description(field);
    texts.set(text, [...(texts.get(text) ?? []), ...(protocol === null ? [] : [protocol])]);
  }
  const words = [...texts].map(([text, protocols]) =>
    protocols.length === 0 || protocols[0] === 'zookeeper' ? text : `${protocols.join(', ')}: ${text}`,
  );
  const schema = merged(declared.map(({ field }) => field));
  const nullable = declared.some(({ field }) => field.nullable === true)
    ? { anyOf: [...((schema['anyOf'] as Schema[] | undefined) ?? [schema]), { type: 'null' }] }
    : schema;
  return { ...nullable, description: words.join('; ') };
}

function messageSchema(): Schema {
  const byName = new Map<string, DeclaredField[]>();
  for (const declared of declaredFields()) {
    byName.set(declared.name, [...(byName.get(declared.name) ?? []), declared]);
  }
  const required = [...byName].filter(([, [first]]) => first!.protocol === null && first!.field.required === true);
  return {
    title: 'message',
    type: 'object',
    required: required.map(([name]) => name),
    properties: Object.fromEntries([...byName].map(([name, declared]) => [name, propertySchema(declared)])),
  };
}

/** JSON Schema of one line of `zkscope decode --json`, made of the declarations of the fields. */
export function decodeSchema(): object {
  return linesSchema('zkscope decode --json: one message, or one gap, a line', otherLines);
}

/** JSON Schema of one line of a journal: with what connections did beside messages and gaps. */
export function journalSchema(): object {
  const lines = { ...otherLines, ...journalLines };
  return linesSchema('zkscope decode --json --connections: one observation a line', lines);
}

function linesSchema(title: string, others: Readonly<Record<string, LineDefinition>>): object {
  const lines = Object.entries(others).map(([name, { text, fields }]) => {
    return { title: name, description: text, ...objectSchema(fields, true) };
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title,
    oneOf: [messageSchema(), ...lines],
  };
}
