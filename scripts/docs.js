/** What docs/ has that follows from definitions in src: texts by their path below docs/. */
import { bounds } from './bounds.js';
import { documentSchemas } from './schemas.js';

const NOTE = '<!-- Made by `npm run docs` of the definitions in src: do not edit. -->\n\n';
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

function typeText(type) {
  if (typeof type === 'string') return type;
  if ('oneOf' in type) return type.oneOf.map((name) => `\`${name}\``).join(', ');
  const inner = Object.keys(type.object ?? type.list).join(', ');
  return 'object' in type ? `{ ${inner} }` : `[ { ${inner} } ]`;
}

function fieldRow([name, field]) {
  const notes = [
    field.unit === undefined || field.text.includes(field.unit) ? '' : field.unit,
    field.nullable === true ? 'null if not known' : '',
    field.withData === true ? 'only with `--data`' : '',
    (field.kinds ?? []).length > 0 ? `of ${field.kinds.join(', ')}` : '',
  ].filter((note) => note !== '');
  return [name, typeText(field.type), `${field.text}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`];
}

const fieldTable = (fields) => table(['field', 'type', 'meaning'], Object.entries(fields).map(fieldRow));

/** Objects that fields are made of, each told once. */
function innerTables(tables) {
  const told = new Map();
  const visit = (fields) => {
    for (const [name, { type }] of Object.entries(fields)) {
      const inner = typeof type === 'string' ? undefined : (type.object ?? type.list);
      if (inner === undefined || told.has(JSON.stringify(inner))) continue;
      told.set(JSON.stringify(inner), [name, inner]);
      visit(inner);
    }
  };
  tables.forEach(visit);
  return [...told.values()].map(([name, inner]) => `#### ${name}\n\n${fieldTable(inner)}`).join('\n\n');
}

function schemaType(schema) {
  if ('$ref' in schema) return schema.$ref.split('/').at(-1);
  if ('const' in schema) return `\`${JSON.stringify(schema.const)}\``;
  if ('enum' in schema) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if ('anyOf' in schema) return [...new Set(schema.anyOf.map(schemaType))].join(' or ');
  if (schema.type === 'array') return `[ ${schemaType(schema.items ?? {})} ]`;
  return Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'anything');
}

/** Rows of an object's properties, those of inner objects behind their own. */
function propertyRows(schema, place = '', shared = false) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const required = (schema.required ?? []).includes(name);
    const at = `${place}${name}`;
    const row = [at, schemaType(property), `${property.description ?? ''}${required ? '' : ' (may be absent)'}`.trim()];
    if (!shared && (at === 'tool' || at.endsWith('captures'))) return [row];
    const options = property.anyOf ?? [property];
    const inner = options.flatMap((option) => {
      const item = option.type === 'array' ? option.items : option;
      const mark = option.type === 'array' ? '[].' : '.';
      const objects = item?.anyOf ?? [item ?? {}];
      return objects.flatMap((object) => [
        ...propertyRows(object, `${at}${mark}`),
        ...(typeof object.additionalProperties === 'object'
          ? propertyRows(object.additionalProperties, `${at}${mark}NAME.`)
          : []),
      ]);
    });
    return [row, ...inner.filter((one, i) => inner.findIndex((other) => other[0] === one[0]) === i)];
  });
}

function documentText(name, schema) {
  return (
    `## \`zkscope ${name} --json\`\n\n${schema.description ?? ''} Schema: [schemas/${name}.json](schemas/${name}.json).\n\n` +
    table(['property', 'type', 'meaning'], propertyRows(schema))
  );
}

function outputText({ messageFields, otherLines, journalLines, protocols }, schemas) {
  const captures = schemas.analyze.properties.captures.items;
  const parts = [
    '# What zkscope prints',
    'Other tools read this, so names and meanings are a promise: fields may be added, and are never renamed or given another meaning without a new `schemaVersion`. A field that does not apply is absent; one that applies but is not known is `null`. `zkscope schema NAME` prints the JSON Schemas (2020-12), which are in [schemas/](schemas/).',
    '64-bit numbers (zxids, session ids, ephemeralOwner) are strings `"0x…"`, lower case, no leading zeros: JSON numbers lose their low bits. Times are UTC, `2026-11-20T23:31:02.123456Z`, with as many digits as the capture has. Durations are seconds, as numbers; session timeouts are milliseconds. Addresses are `10.0.0.1:2181` and `[fd77::1]:2181`.',
    'Exit status: 0 the captures were read (whatever was found), 1 with `--fail-on SEVERITY` a finding of that severity or above, 2 wrong usage, an input that could not be read at all or an output that could not be written, 130 and 143 ended by SIGINT or SIGTERM. Messages for people go to standard error; standard output holds only what was asked for.',
    '## `zkscope decode --json`: one message a line',
    'NDJSON, in the order in which messages were completed in the capture. Schema: [schemas/decode.json](schemas/decode.json).',
    `### Every message\n\n${fieldTable(messageFields)}`,
    ...protocols.map(({ name, fields }) => `### Messages of ${name}\n\n${fieldTable(fields)}`),
    `### What lists and objects hold\n\n${innerTables(protocols.map(({ fields }) => fields))}`,
    ...Object.entries(otherLines).map(
      ([kind, { text, fields }]) => `### Lines of kind \`${kind}\`\n\n${text}\n\n${fieldTable(fields)}`,
    ),
    '## `zkscope decode --json --connections`: a journal',
    'The lines of `decode --json`, and between them what else zkscope has to know to say the same of them as of the capture: every command takes a journal in place of a capture (plain, gzip, zstd, or from a pipe). It holds no payload and no credentials. Lines come in the order in which they were observed. What only packets can tell (the bytes of evidence in a report) is not in it. Schema: [schemas/journal.json](schemas/journal.json).',
    ...Object.entries(journalLines).map(
      ([kind, { text, fields }]) => `### Lines of kind \`${kind}\`\n\n${text}\n\n${fieldTable(fields)}`,
    ),
    `### What they hold\n\n${innerTables(Object.values(journalLines).map(({ fields }) => fields))}`,
    `## What documents share\n\nEvery document has \`tool\` (name and version of the program) and most have \`captures\`, of which each entry has:\n\n${table(['property', 'type', 'meaning'], propertyRows(captures))}`,
    ...Object.entries(schemas)
      .filter(([name]) => name !== 'decode' && name !== 'journal')
      .map(([name, schema]) => documentText(name, schema)),
  ];
  return `${NOTE}${parts.join('\n\n')}\n`;
}

function ruleText({ name, summary, documentation, options }) {
  const { meaning, proof, lookalikes, remedy } = documentation;
  const rows = Object.entries(options).map(([option, { default: value, unit, description }]) => [
    `\`${name}.${option}\``,
    `${value}${unit === undefined ? '' : ` ${unit}`}`,
    description,
  ]);
  const parts = [
    `# ${name}`,
    `${capital(summary)}`,
    `## What it means\n\n${meaning}`,
    `## What proves it\n\n${proof}`,
    `## What looks like it and is not\n\n${lookalikes}`,
    `## What to do\n\n${remedy}`,
    rows.length === 0 ? '' : `## Options\n\nSet by \`--set\`.\n\n${table(['option', 'default', 'meaning'], rows)}`,
  ];
  return `${NOTE}${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function rulesText(metas) {
  const rows = metas.map(({ name, summary }) => [`[${name}](${name}.md)`, summary]);
  return `${NOTE}# Rules\n\nA rule looks for one kind of trouble. A finding says \`proven\`, \`likely\` or \`possible\`, and means it: what the capture could not show is unknown, never evidence. \`zkscope rules NAME\` prints these pages at the terminal.\n\n${table(['rule', 'what it finds'], rows)}\n`;
}

/** Wireshark's names of types, by those of its Lua. */
const WIRESHARK_TYPES = {
  ...{ int32: 'signed, 4 bytes', uint32: 'unsigned, 4 bytes', int64: 'signed, 8 bytes', uint64: 'unsigned, 8 bytes' },
  ...{ bool: 'boolean', string: 'string', bytes: 'bytes', none: 'label', framenum: 'frame number' },
  ...{ relative_time: 'time offset', absolute_time: 'date and time' },
};

const FILTERS = [
  [
    'zookeeper.path == "/services/pay"',
    'all requests for a znode, their answers, its notifications, multis that name it',
  ],
  ['zookeeper.error', 'what was refused; `zookeeper.error == "NodeExists"` one kind of it'],
  ['zookeeper.op == "multi" && zookeeper.multi.opcode == "delete"', 'multis that delete'],
  ['zookeeper.latency > 0.5', 'answers that took more than half a second'],
  ['zookeeper.session == 0x1000034e6280002', 'one session, on all its connections'],
  ['zookeeper.watch == 1', 'reads that set a watch'],
  ['zookeeper.notification', 'watches that fired'],
  [
    'zookeeper.request && !zookeeper.response_in',
    'requests that were never answered (in Wireshark, or with `tshark -2`)',
  ],
  ['zookeeper.children.count > 1000', 'long lists'],
  ['zookeeper.expired', 'sessions that were told that they have expired'],
];

function wiresharkText(fields, experts) {
  const rows = fields.map(({ name, type, names, text }) => [
    `\`zookeeper.${name}\``,
    `${WIRESHARK_TYPES[type]}${names === null ? '' : ', values by name'}`,
    text,
  ]);
  const parts = [
    '# The Wireshark dissector',
    "`zkscope wireshark --install` writes `zookeeper.lua` into Wireshark's folder for plugins of this user and says where that is; `zkscope wireshark > zookeeper.lua` prints it, for `tshark -X lua_script:zookeeper.lua`. It is made of the same table of records that zkscope decodes by, and says of a capture what `zkscope decode` says of it, frame by frame.",
    'It takes the ports 2181, and 2181 and 2281 within TLS (Wireshark decrypts with its own key log: `-o tls.keylog_file:FILE`). Other ports are set in the preferences of the protocol (`-o zookeeper.ports:2181,2191`, `-o zookeeper.tls_ports:…`); on any port a handshake is recognised, and a request that names a znode and fits its length to the byte. Answers are paired with their requests by order and xid; a session is known from its handshake on.',
    'The Info column names operations, paths, lengths and errors, never data or credentials; those are in the tree as bytes, which the packet itself shows as well.',
    `## Filters to begin with\n\n${table(
      ['filter', 'finds'],
      FILTERS.map(([filter, text]) => [`\`${filter}\``, text]),
    )}`,
    '## What Wireshark does otherwise than zkscope\n\n' +
      [
        'A message is shown in the frame that completes it. One that never became whole (a connection that was cut, the end of the capture) is not shown; zkscope says `truncated`.',
        'The answer to a four-letter word is shown segment by segment, with the time since the word.',
        'Segments out of order are passed to dissectors only with the preference "Reassemble out-of-order segments" (`-o tcp.reassemble_out_of_order:TRUE`). With it, though, nothing is shown behind a segment that was never captured: leave it off for captures with losses.',
        'An answer that was captured before its request (it happens with several network cards, or with files merged by clocks that differ) finds none.',
        'Behind a hole TLS stays closed.',
        "Data that a server sends on after a client's RST is shown; for zkscope the connection has ended there.",
        'After losses zkscope leaves a latency out where it is not certain which of several pings was answered. Wireshark tells dissectors of lost segments only where it makes a tree for the frame when it first reads it (a filter, `-V`, `-T`), and of losses that no payload follows not at all: a latency of a ping may then be too long.',
        'A connection that reuses the ports of an earlier one is told apart by its handshake.',
        'Answers on an unknown port, in a capture that has neither their requests nor the handshake, are not recognised.',
        'Of a message with more than 20,000 elements the first are shown.',
      ]
        .map((text) => `- ${text}`)
        .join('\n'),
    `## Fields\n\n${table(['field', 'type', 'meaning'], rows)}`,
    `## Expert information\n\n\`refused\` is what every client that locks or creates meets (NoNode, NodeExists, BadVersion, NotEmpty, NoWatcher), \`error\` all else.\n\n${table(
      ['field', 'severity', 'meaning'],
      experts.map(({ name, severity, text }) => [`\`zookeeper.expert.${name}\``, severity.toLowerCase(), text]),
    )}`,
  ];
  return `${NOTE}${parts.join('\n\n')}\n`;
}

const ROOMS = [
  ['capture', 'Reading captures'],
  ['network', 'Packets and streams'],
  ['protocols', 'Decoders'],
  ['observations', 'Observations'],
  ['model', 'What is kept of clients, sessions and znodes'],
  ['rules', 'Rules'],
  ['paste', 'Pasted bytes'],
  ['report', 'Documents and text'],
  ['export', 'What leaves for other tools'],
  ['cli', 'The command line'],
  ['page', 'The page'],
];

function boundsText(all) {
  const homeless = all.find(({ file }) => !ROOMS.some(([room]) => file.startsWith(`${room}/`)));
  if (homeless !== undefined) throw new Error(`${homeless.file}: no section of bounds.md is about its room`);
  const sections = ROOMS.map(([room, title]) => {
    const rows = all
      .filter(({ file }) => file.startsWith(`${room}/`))
      .map(({ file, name, value, unit, text }) => [
        text,
        `${value.toLocaleString('en', { maximumFractionDigits: 9 })} ${unit}`.trim(),
        `\`${file}\` ${name}`,
      ]);
    return rows.length === 0 ? '' : `## ${title}\n\n${table(['what', 'limit', 'where'], rows)}`;
  });
  return `${NOTE}# Bounds\n\nA capture may come from a stranger and be of any length, so whatever it can make large has a limit. What is beyond a limit is forgotten, the oldest first, or left out; where that touches what is reported, the report says so, and what was forgotten is unknown and proves nothing.\n\n${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

/**
 * @param definitions what src declares: rules' meta, fields, and the schema of decoded lines
 * @returns {Record<string, string>} text by path below docs/
 */
export function docFiles(definitions) {
  const schemas = { ...documentSchemas(), decode: definitions.decodeSchema, journal: definitions.journalSchema };
  const metas = [...definitions.rules].sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = {
    'output.md': outputText(definitions, schemas),
    'bounds.md': boundsText(bounds()),
    'wireshark.md': wiresharkText(definitions.dissectorFields, definitions.dissectorExperts),
    'rules/README.md': rulesText(metas),
  };
  for (const meta of metas) files[`rules/${meta.name}.md`] = ruleText(meta);
  for (const [name, schema] of Object.entries(schemas)) {
    files[`schemas/${name}.json`] = `${JSON.stringify(schema, null, 2)}\n`;
  }
  files['schemas/config.json'] = `${JSON.stringify(definitions.configSchema, null, 2)}\n`;
  return files;
}
