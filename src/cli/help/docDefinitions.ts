import { dissectorExperts } from '../../export/wireshark/experts.js';
import { dissectorFields } from '../../export/wireshark/fields.js';
import { messageFields, otherLines } from '../../observations/fields.js';
import { journalLines } from '../../observations/journal/fields.js';
import { allProtocols } from '../../protocols/registry.js';
import { decodeSchema, journalSchema } from '../../report/decode/schema.js';
import { rules } from '../../rules/registry.js';
import { configSchema } from '../options/configSchema.js';
import { program } from '../program.js';

/** All that docs/ is made of (scripts/docs.js): for the command that writes it and the test that holds it. */
export async function docDefinitions() {
  return {
    rules: rules.map(({ meta }) => meta),
    protocols: allProtocols(),
    messageFields,
    otherLines,
    journalLines,
    dissectorExperts,
    dissectorFields,
    decodeSchema: decodeSchema(),
    journalSchema: journalSchema(),
    configSchema: configSchema(await program(['help'])),
  };
}
