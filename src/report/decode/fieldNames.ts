import { declaredFields, otherLines } from '../../observations/fields.js';
import type { Field, FieldTable } from '../../protocols/field.js';

/** All names that `--fields` takes: those of the lines' fields, and with dots those of what is inside of them. */
export function fieldNames(): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (name: string, { type }: Field): void => {
    names.add(name);
    if (typeof type !== 'object' || !('object' in type)) return;
    for (const [inner, field] of Object.entries<Field>(type.object)) add(`${name}.${inner}`, field);
  };
  for (const { name, field } of declaredFields()) add(name, field);
  for (const { fields } of Object.values(otherLines))
    for (const [name, field] of Object.entries<Field>(fields as FieldTable)) add(name, field);
  return names;
}
