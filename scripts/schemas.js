/** JSON Schemas of the documents, made of their TypeScript types and the words beside these. */
import { fileURLToPath } from 'node:url';
import {
  createFormatter,
  createParser,
  createProgram,
  DEFAULT_CONFIG,
  SchemaGenerator,
} from 'ts-json-schema-generator';

const source = (path) => fileURLToPath(new URL(`../src/${path}`, import.meta.url));

/** By the name of the command: the file of the document's type, the type, what it is of; `open` ones may get more fields. */
const documents = {
  analyze: { file: 'report/analyze/document.ts', type: 'AnalyzeDocument', open: true },
  stats: { file: 'report/stats/document.ts', type: 'StatsDocument' },
  sessions: { file: 'report/sessions/document.ts', type: 'SessionsDocument' },
  hex: { file: 'paste/report/document.ts', type: 'HexDocument', open: true },
  diff: { file: 'report/diff/document.ts', type: 'DiffDocument' },
  leases: { file: 'report/leases/document.ts', type: 'LeasesDocument' },
  path: { file: 'report/path/document.ts', type: 'PathDocument' },
  follow: { file: 'report/follow/document.ts', type: 'FollowDocument' },
  report: { file: 'report/postmortem/document.ts', type: 'ReportDocument', open: true },
  top: { file: 'report/top/document.ts', type: 'TopDocument' },
  tree: { file: 'report/tree/document.ts', type: 'TreeDocument' },
};

/** The 2020-12 spelling of a schema of draft 7; `additionalProperties: true` says nothing. */
function modern(value, root = false) {
  if (Array.isArray(value)) return value.map((item) => modern(item));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value)
    .filter(([name, inner]) => !(name === 'additionalProperties' && (inner === true || isEmpty(inner))))
    .map(([name, inner]) => {
      if (name === '$ref') return [name, inner.replace('#/definitions/', '#/$defs/')];
      return [root && name === 'definitions' ? '$defs' : name, modern(inner)];
    });
  return Object.fromEntries(entries);
}

const isEmpty = (value) => typeof value === 'object' && value !== null && Object.keys(value).length === 0;

/** @returns {Record<string, object>} schemas by name */
export function documentSchemas() {
  const base = {
    ...DEFAULT_CONFIG,
    tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)),
    path: source('report/*/{document,data}.ts'),
    expose: 'none',
    topRef: false,
    jsDoc: 'extended',
    skipTypeCheck: true,
    sortProps: false,
    encodeRefs: false,
    extraTags: ['additionalProperties'],
  };
  const files = Object.values(documents).map(({ file }) => source(file));
  const program = createProgram({ ...base, path: `{${files.join(',')}}` });
  return Object.fromEntries(
    Object.entries(documents).map(([name, { type, open = false }]) => {
      const config = { ...base, type, additionalProperties: open };
      const generator = new SchemaGenerator(program, createParser(program, config), createFormatter(config), config);
      const { $schema, ...schema } = modern(generator.createSchema(type), true);
      const title = `zkscope ${name} --json`;
      return [
        name,
        { $schema: $schema.replace(/.*/, 'https://json-schema.org/draft/2020-12/schema'), title, ...schema },
      ];
    }),
  );
}
