import type { Command, Option } from 'commander';
import { CONFIGURABLE } from './configFile.js';

/** Options that repeat on the command line are lists. */
const LISTS: readonly string[] = ['port', 'tlsKeys', 'ignore'];

function schemaOf(option: Option): object {
  const { description } = option;
  const name = option.attributeName();
  if (!option.required && !option.optional) return { type: 'boolean', description };
  if (name === 'set')
    return {
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'boolean'] },
      description: 'options of rules: { "slow-request.latency": 2 }; zkscope rules NAME lists them',
    };
  if (option.argChoices !== undefined) return { enum: option.argChoices, description };
  const text = { type: name === 'port' ? ['string', 'integer'] : 'string' };
  return LISTS.includes(name)
    ? { anyOf: [text, { type: 'array', items: text }], description }
    : { ...text, description };
}

/** JSON Schema of .zkscope.json, made of the options of the commands. */
export function configSchema(root: Command): object {
  const options = root.commands.flatMap((command) => command.options);
  const properties = CONFIGURABLE.map((name) => {
    const option = options.find((candidate) => candidate.attributeName() === name);
    return [name, option === undefined ? {} : schemaOf(option)] as const;
  });
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: '.zkscope.json: options that hold for all commands that have them',
    type: 'object',
    properties: { $schema: { type: 'string' }, ...Object.fromEntries(properties) },
    additionalProperties: false,
  };
}
