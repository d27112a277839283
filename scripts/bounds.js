/** The program's limits: constants of src whose comment says `@bound UNIT`, as they stand in the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../src', import.meta.url));

/** The number that an expression of numbers and constants of the same file is. */
function value(node, constants) {
  if (ts.isNumericLiteral(node)) return Number(node.text.replaceAll('_', ''));
  if (ts.isParenthesizedExpression(node)) return value(node.expression, constants);
  if (ts.isIdentifier(node) && constants.has(node.text)) return value(constants.get(node.text), constants);
  if (!ts.isBinaryExpression(node)) throw new Error(`${node.getText()} is no number that docs can state`);
  const [a, b] = [value(node.left, constants), value(node.right, constants)];
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.AsteriskToken:
      return a * b;
    case ts.SyntaxKind.AsteriskAsteriskToken:
      return a ** b;
    case ts.SyntaxKind.SlashToken:
      return a / b;
    case ts.SyntaxKind.PlusToken:
      return a + b;
    case ts.SyntaxKind.MinusToken:
      return a - b;
    case ts.SyntaxKind.LessThanLessThanToken:
      return a << b;
    default:
      throw new Error(`${node.getText()} is no number that docs can state`);
  }
}

function boundsOf(path) {
  const text = readFileSync(path, 'utf8');
  if (!text.includes('@bound')) return [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const constants = new Map();
  const found = [];
  const visit = (node) => {
    if (ts.isVariableDeclaration(node) && node.initializer && ts.isIdentifier(node.name)) {
      constants.set(node.name.text, node.initializer);
      const tag = ts.getJSDocTags(node).find((one) => one.tagName.text === 'bound');
      if (tag !== undefined) {
        const [comment] = ts.getJSDocCommentsAndTags(node);
        found.push({
          file: relative(root, path),
          name: node.name.text,
          unit: ts.getTextOfJSDocComment(tag.comment) ?? '',
          text: (ts.getTextOfJSDocComment(comment?.comment) ?? '').replaceAll(/\s+/g, ' ').trim(),
          node: node.initializer,
        });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.map(({ node, ...bound }) => ({ ...bound, value: value(node, constants) }));
}

/** All bounds in the order of their files. */
export function bounds() {
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing'))
    .sort()
    .flatMap((name) => boundsOf(join(root, name)));
}
