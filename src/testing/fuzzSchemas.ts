import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

const ROOT = pathToFileURL(`${process.cwd()}/`);
const validators = new Map<string, ValidateFunction>();

function schema(name: string): ValidateFunction {
  let validate = validators.get(name);
  if (validate === undefined) {
    const text = readFileSync(new URL(`docs/schemas/${name}.json`, ROOT), 'utf8');
    validate = new Ajv2020({ strict: false }).compile(JSON.parse(text) as object);
    validators.set(name, validate);
  }
  return validate;
}

/** Holds a value against the schema of an output. Throws an Error that says what the schema does not allow. */
export function checkSchema(name: string, value: unknown): void {
  const validate = schema(name);
  if (!validate(value)) throw new Error(`${name}: ${JSON.stringify(validate.errors)}`);
}
