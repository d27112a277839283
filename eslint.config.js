import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The rooms of src/ in the order in which data passes them: a room imports only from those before it. */
const ROOMS = [
  'capture',
  'network',
  'protocols',
  'observations',
  'model',
  'rules',
  'report',
  'paste',
  'export',
  'cli',
  'page',
];
/** Behind the wall only these look at packets themselves: the hex explainer, and what writes captures. */
const LOOK_AT_PACKETS = ['paste', 'export'];

const MESSAGE = 'see docs/design.md: rooms';

/** What the files of a room must not import. */
function forbidden(room) {
  const place = ROOMS.indexOf(room);
  const later = ROOMS.slice(place + 1);
  const behindWall = place > ROOMS.indexOf('observations') && !LOOK_AT_PACKETS.includes(room);
  const rooms = behindWall ? ['capture', 'network', ...later] : later;
  return rooms.length === 0 ? [] : [{ regex: `^(\\.\\./)+(${rooms.join('|')})/`, message: MESSAGE }];
}

/** The same of `import()`, as a value and as a type. */
function forbiddenLater(room) {
  return forbidden(room).flatMap(({ regex, message }) => {
    const place = `.value=/${regex.replaceAll('/', '\\/')}/`;
    return ['ImportExpression[source', 'TSImportType[source'].map((node) => ({
      selector: `${node}${place}]`,
      message,
    }));
  });
}

export default tseslint.config(
  { ignores: ['dist', 'node_modules', 'coverage', 'fixtures', 'bench/out'] },
  js.configs.recommended,
  {
    files: ['src/**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Parsers index bytes whose bounds they have just checked.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/prefer-readonly': 'error',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
    },
  },
  ...ROOMS.map((room) => ({
    files: [`src/${room}/**/*.ts`],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: forbidden(room) }],
      'no-restricted-syntax': ['error', ...forbiddenLater(room)],
    },
  })),
  {
    files: ['**/*.js'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
        URL: 'readonly',
        setTimeout: 'readonly',
      },
    },
  },
);
