import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import type { MessageRecord } from '../observations/record.js';
import { zookeeperFields } from '../protocols/zookeeper/fields.js';
import { snakeCase } from '../export/wireshark/names.js';

/** What tshark says of the messages of a capture with our dissector, in the form of `decode --json`. */

/** A field of PDML with those within it. */
interface PdmlField {
  readonly name: string;
  readonly show: string;
  readonly showname: string;
  /** Its bytes as hexadecimal; empty for what the dissector worked out. */
  readonly value: string;
  readonly size: number;
  readonly fields: PdmlField[];
}

interface PdmlMessage {
  readonly frame: number;
  readonly fields: PdmlField[];
}

export interface TsharkRun {
  readonly messages: readonly MessageRecord[];
  /** What it wrote to standard error, and what its dissectors complained of. */
  readonly trouble: readonly string[];
}

/** What shows that a script failed, or that Wireshark did for its sake. */
export const TROUBLE = /Lua Error|Dissector bug|lua_script/;

/** Runs tshark with the dissector, and with nothing that its user has installed or set: home is where the script is. */
export function runTshark(
  script: string,
  capture: string,
  args: readonly string[],
): { out: string; trouble: string[] } {
  const all = ['-n', '-X', `lua_script:${script}`, '-r', capture, ...args];
  const home = dirname(script);
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home };
  const { stdout, stderr } = spawnSync('tshark', all, { encoding: 'utf8', maxBuffer: 1 << 30, env });
  const said = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('Running as user'));
  return { out: stdout, trouble: [...said, ...stdout.split('\n').filter((line) => TROUBLE.test(line))] };
}

/** The messages of a capture; of the answer to a four-letter word its last segment, with the length of all. */
export function wiresharkMessages(script: string, capture: string, args: readonly string[] = []): TsharkRun {
  const { out, trouble } = runTshark(script, capture, ['-T', 'pdml', '-J', 'zookeeper', '-Y', 'zookeeper', ...args]);
  return { messages: joinedAnswers(pdmlMessages(out).filter(isMessage).map(messageOf)), trouble };
}

const isMessage = (message: PdmlMessage): boolean => find(message, 'skipped') === undefined;

function pdmlMessages(text: string): PdmlMessage[] {
  const messages: PdmlMessage[] = [];
  let frame = 0;
  let open: PdmlField[][] = [];
  for (const [, close, tag, attributes = '', alone] of text.matchAll(/<(\/?)(proto|field)\b([^>]*?)(\/?)>/g)) {
    if (tag === 'proto') {
      open = [];
      if (close === '' && attribute(attributes, 'name') === 'zookeeper') {
        const message = { frame, fields: [] };
        messages.push(message);
        open = [message.fields];
      }
      continue;
    }
    if (close !== '') {
      open.pop();
      continue;
    }
    const field: PdmlField = {
      name: attribute(attributes, 'name').replace(/^zookeeper\./, ''),
      show: attribute(attributes, 'show'),
      showname: attribute(attributes, 'showname'),
      value: attribute(attributes, 'value'),
      size: Number(attribute(attributes, 'size')),
      fields: [],
    };
    if (field.name === 'num') frame = Number(field.show);
    open.at(-1)?.push(field);
    if (alone === '' && open.length > 0) open.push(field.fields);
  }
  return messages;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function attribute(attributes: string, name: string): string {
  const text = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? '';
  return text.replace(/&(\w+|#x[0-9a-f]+);/gi, (_, entity: string) =>
    entity.startsWith('#') ? String.fromCodePoint(parseInt(entity.slice(2), 16)) : ENTITIES[entity]!,
  );
}

function find({ fields }: { readonly fields: readonly PdmlField[] }, name: string): PdmlField | undefined {
  return fields.find((field) => field.name === name);
}

const hex = (text: string): string => text.replace(/^0x0*(?=.)/, '0x');
/** The text behind its length. */
const wireText = ({ value }: PdmlField): string => Buffer.from(value, 'hex').subarray(4).toString();
const valueName = ({ showname }: PdmlField): string => /: (\S+) \(/.exec(showname)?.[1] ?? '';

function fieldValue(field: PdmlField): unknown {
  const name = field.name.replace(/^stat\./, '');
  if (name.endsWith('time') && field.show.includes('UTC')) return parseInt(field.value, 16);
  if (field.show.startsWith('0x')) return hex(field.show);
  if (['event_type', 'state', 'mode'].includes(name)) return valueName(field);
  if (['watch', 'read_only', 'expired'].includes(name)) return field.show === '1';
  if (name === 'error') return field.show;
  if (['path', 'scheme'].includes(name)) return field.size > 0 ? wireText(field) : field.show;
  return Number(field.show);
}

const LISTS = Object.entries(zookeeperFields).flatMap(([name, { type }]) => (type === 'strings' ? [name] : []));
const PLAIN = ['length', 'xid', 'zxid', 'err', 'path', 'watch', 'version', 'flags', 'timeout', 'readOnly'];
const MORE = ['eventType', 'state', 'expired', 'ttl', 'totalNumber', 'relativeZxid', 'lastZxidSeen'];
const VALUES = [...PLAIN, ...MORE, 'scheme', 'error'];

function messageOf(message: PdmlMessage): MessageRecord {
  const op = find(message, 'op')?.show ?? null;
  const kinds = ['request', 'notification', 'response'];
  const record: MessageRecord = { frame: message.frame, kind: kinds.find((kind) => find(message, kind)), op };
  const latency = find(message, 'latency');
  if (latency !== undefined) record['latency'] = nanoseconds(Number(latency.show));
  const request = find(message, 'request_in');
  if (request !== undefined) record['requestFrame'] = Number(request.show);
  if (op === 'fourLetterWord') {
    record['word'] = find(message, 'word')!.show;
    if (record['kind'] === 'response') record['dataLength'] = find(message, 'answer')!.size;
    return record;
  }
  const session = hex(find(message, 'session')?.show ?? '0x0');
  record['session'] = session === '0x0' ? null : session;
  for (const name of VALUES) {
    const field = find(message, snakeCase(name));
    if (field !== undefined) record[name] = fieldValue(field);
  }
  const data = find(message, 'data.length');
  if (data !== undefined) record['dataLength'] = Number(data.show);
  for (const name of LISTS) {
    const list = find(message, `${snakeCase(name)}.count`);
    if (list !== undefined) record[name] = list.fields.map(wireText);
  }
  const stat = find(message, 'stat');
  if (stat !== undefined) {
    record['stat'] = Object.fromEntries(stat.fields.map((field) => [camelCase(field.name), fieldValue(field)]));
  }
  const ops = message.fields.filter(({ name }) => name === 'multi');
  if (ops.length > 0) record['ops'] = ops.filter((one) => find(one, 'multi.done')?.show === '0').map(operationOf);
  return record;
}

const camelCase = (name: string): string =>
  name.replace(/^stat\./, '').replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

function operationOf(field: PdmlField): MessageRecord {
  const path = find(field, 'path');
  const opcode = find(field, 'multi.opcode')!;
  if (opcode.show === '-1') return { op: 'error', err: Number(find(field, 'err')?.show) };
  return { op: valueName(opcode), ...(path === undefined ? {} : { path: wireText(path) }) };
}

const nanoseconds = (seconds: number): number => Math.round(seconds * 1e9);

function joinedAnswers(records: readonly MessageRecord[]): MessageRecord[] {
  const latest = new Map<unknown, MessageRecord>();
  const earlier = new Set<MessageRecord>();
  for (const record of records) {
    if (record['word'] === undefined || record['kind'] !== 'response') continue;
    const before = latest.get(record['requestFrame']);
    if (before !== undefined) {
      record['dataLength'] = Number(record['dataLength']) + Number(before['dataLength']);
      earlier.add(before);
    }
    latest.set(record['requestFrame'], record);
  }
  return records.filter((record) => !earlier.has(record));
}

/** A decoded message with what both sides tell: latencies in nanoseconds, of a multi what was asked and what came of it. */
export function comparable(record: MessageRecord): MessageRecord {
  const names = ['frame', 'kind', 'op', 'session', ...VALUES, 'dataLength', 'word', 'stat', 'requestFrame', ...LISTS];
  const result: MessageRecord = Object.fromEntries(
    names.filter((name) => record[name] !== undefined).map((name) => [name, record[name]]),
  );
  if (record['latency'] !== undefined) result['latency'] = nanoseconds(record['latency'] as number);
  const ops = record['ops'] as MessageRecord[] | undefined;
  if (ops !== undefined) {
    result['ops'] = ops.map(({ op, path, err }) =>
      op === 'error' ? { op, err } : { op, ...(path === undefined ? {} : { path }) },
    );
  }
  // The handshake says 0; who had asked is told by the connection.
  if (record['expired'] === true) result['session'] = null;
  if (record['op'] === 'fourLetterWord') delete result['session'];
  return result;
}
