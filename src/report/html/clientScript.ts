import { readFileSync } from 'node:fs';

const MAIN = 'main';
const IMPORT = /^import\s*\{([^}]*)\}\s*from\s*'\.\/(\w+)\.js';$/gm;
const EXPORT = /^export (?=(?:async )?(?:function|class|const|let)\s+(\w+))/gm;

/**
 * The page's own script, from the compiled modules of client/: every module becomes a function that gives back what it
 * exports, in the order of their imports, so that one `<script>` without imports holds them all. Understands what those
 * modules use: named imports from beside them, and exported declarations. Throws Error on anything else.
 * @param read text of a compiled module by its name
 */
export function clientScript(read: (name: string) => string = readCompiled): string {
  const done = new Map<string, string>();
  const under = new Set<string>();
  const add = (name: string): void => {
    if (done.has(name)) return;
    if (under.has(name)) throw new Error(`client/${name}.js imports itself in a circle`);
    under.add(name);
    const exports: string[] = [];
    const body = read(name)
      .replace(IMPORT, (_, names: string, from: string) => {
        add(from);
        return `const {${names.replace(/(\w+)\s+as\s+(\w+)/g, '$1: $2')}} = ${variable(from)};`;
      })
      .replace(EXPORT, (_, exported: string) => {
        exports.push(exported);
        return '';
      });
    if (/^(?:import|export)\s/m.test(body.replace(/^export \{\};$/m, '')))
      throw new Error(`client/${name}.js has an import or export that cannot be put into the page`);
    const code = body.replace(/^export \{\};$/m, '').trim();
    done.set(name, `const ${variable(name)} = (() => {\n${code}\nreturn { ${exports.join(', ')} };\n})();`);
  };
  add(MAIN);
  return `(() => {\n'use strict';\n${[...done.values()].join('\n')}\n})();`;
}

const variable = (name: string): string => `module_${name}`;

function readCompiled(name: string): string {
  return readFileSync(new URL(`./client/${name}.js`, import.meta.url), 'utf8');
}
