/**
 * node:crypto takes up to a fifth of a start, and few captures need it (TLS, names of many kilobytes): in the program that
 * the build makes it is loaded when one of its functions is first called. A function that is not named here fails the build.
 */
const ID = '\0late-crypto';
const FUNCTIONS = ['createHash', 'createHmac', 'createCipheriv', 'createDecipheriv', 'randomBytes', 'timingSafeEqual'];
const CLASSES = ['X509Certificate'];

const code = [
  "import module from 'node:module';",
  'let loaded;',
  "const own = () => (loaded ??= module.createRequire(import.meta.url)('node:crypto'));",
  ...FUNCTIONS.map((name) => `export const ${name} = (...values) => own().${name}(...values);`),
  ...CLASSES.map((name) => `export function ${name}(...values) { return new (own().${name})(...values); }`),
].join('\n');

export const lateCrypto = {
  name: 'late-crypto',
  resolveId: (id) => (id === 'node:crypto' ? ID : null),
  load: (id) => (id === ID ? code : null),
};
