type Schema = Readonly<Record<string, unknown>>;

const NUMBERS = ['minimum', 'exclusiveMinimum'] as const;

function at(root: Schema, schema: Schema): Schema {
  const { $ref, ...rest } = schema;
  if (typeof $ref !== 'string') return schema;
  let target: unknown = root;
  for (const name of $ref.split('/').slice(1)) target = (target as Schema)[decodeURIComponent(name)];
  return { ...(target as Schema), ...rest };
}

/** What a value may be: one schema without anyOf, oneOf, enum or several types for each way. */
function ways(root: Schema, schema: Schema): Schema[] {
  const { anyOf, oneOf, enum: values, type, ...rest } = at(root, schema);
  // An object that requires one of several properties is one way all the same.
  const options = (anyOf ?? oneOf) as Schema[] | undefined;
  if (options !== undefined && type === undefined) return options.flatMap((option) => ways(root, option));
  if (Array.isArray(values)) return values.map((value: unknown) => ({ const: value }));
  if (Array.isArray(type)) return type.map((one: unknown) => ({ ...rest, type: one }));
  if ('const' in rest) return [{ const: rest['const'] }];
  return [type === undefined ? rest : { ...rest, type }];
}

function typeOf(schema: Schema): unknown {
  if (!('const' in schema)) return schema['type'];
  return schema['const'] === null ? 'null' : typeof schema['const'];
}

/**
 * Holds a JSON Schema against an older one: whatever the newer one allows, the older one allowed; and no property, no value of
 * an enumeration and no kind of object of the older one is gone. Tells what is not so, by place.
 */
export function brokenPromises(old: object, now: object): string[] {
  const [older, newer] = [old as Schema, now as Schema];
  const open = new Set<string>();

  function compare(was: Schema, is: Schema, place: string): string[] {
    const key = `${String(was['$ref'])} ${String(is['$ref'])}`;
    if ('$ref' in was && '$ref' in is) {
      if (open.has(key)) return [];
      open.add(key);
    }
    const before = ways(older, was);
    const after = ways(newer, is);
    const described = [was, at(older, was)].some((schema) => typeof schema['description'] === 'string');
    const broken = after.flatMap((way) => best(before.map((old) => fits(old, way, place))));
    const objects = before.filter((way) => 'const' in way || 'properties' in way || way['type'] === 'null');
    if (!before.every((way) => Object.keys(way).every((name) => name === 'description'))) {
      broken.push(...objects.flatMap((old) => best(after.map((way) => fits(old, way, place)))));
    }
    if (described && typeof at(newer, is)['description'] !== 'string') broken.push(`${place}: no description`);
    return [...new Set(broken)];
  }

  function fits(was: Schema, is: Schema, place: string): string[] {
    if ('const' in was)
      return is['const'] === was['const'] && 'const' in is ? [] : [`${place}: ${String(was['const'])}`];
    const type = typeOf(is);
    if (was['type'] === undefined && was['properties'] === undefined) return [];
    if (type !== was['type'] && !(type === 'integer' && was['type'] === 'number')) {
      return [`${place}: ${String(was['type'])} is ${String(type)}`];
    }
    if ('const' in is) return [];
    const broken: string[] = [];
    if ('pattern' in was && was['pattern'] !== is['pattern']) broken.push(`${place}: pattern`);
    for (const name of NUMBERS) if (name in was && !(name in is)) broken.push(`${place}: ${name}`);
    if (was['type'] === 'array' && 'items' in was) {
      if ('items' in is) broken.push(...compare(was['items'] as Schema, is['items'] as Schema, `${place}[]`));
      else broken.push(`${place}: items`);
    }
    if (was['type'] === 'object') broken.push(...objects(was, is, place));
    return broken;
  }

  function objects(was: Schema, is: Schema, place: string): string[] {
    const broken: string[] = [];
    const required = (is['required'] ?? []) as string[];
    for (const name of (was['required'] ?? []) as string[]) {
      if (!required.includes(name)) broken.push(`${place}.${name}: not required`);
    }
    const properties = (is['properties'] ?? {}) as Record<string, Schema>;
    for (const [name, old] of Object.entries((was['properties'] ?? {}) as Record<string, Schema>)) {
      if (name in properties) broken.push(...compare(old, properties[name]!, `${place}.${name}`));
      else broken.push(`${place}.${name}: gone`);
    }
    const [then, since] = [was['additionalProperties'] ?? true, is['additionalProperties'] ?? true];
    if (typeof then === 'object') {
      if (typeof since === 'object') broken.push(...compare(then as Schema, since as Schema, `${place}.*`));
      else broken.push(`${place}.*: no schema`);
    } else if (!('patternProperties' in was) && then !== since && was['properties'] !== undefined) {
      broken.push(`${place}: ${then === false ? 'closed' : 'open'} before`);
    }
    return broken;
  }

  return compare(older, newer, '$');
}

/** The way that fits best. */
function best(lists: readonly string[][]): string[] {
  return lists.reduce((a, b) => (b.length < a.length ? b : a), lists[0] ?? []);
}
