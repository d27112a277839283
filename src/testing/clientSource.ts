import { readFileSync } from 'node:fs';
import ts from 'typescript';

const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022, verbatimModuleSyntax: true };

/** A module of the report's page as the build compiles it, for tests that run without a build. */
export function clientSource(name: string): string {
  const source = readFileSync(new URL(`../report/html/client/${name}.ts`, import.meta.url), 'utf8');
  return ts.transpileModule(source, { compilerOptions }).outputText;
}
