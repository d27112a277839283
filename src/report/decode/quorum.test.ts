import { Ajv2020 } from 'ajv/dist/2020.js';
import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { Clock } from '../../capture/clock.js';
import { readQuorum } from '../../testing/quorumCapture.js';
import { MessageLines } from './line.js';
import { messageRecord, type MessageRecord } from '../../observations/record.js';
import { allProtocols } from '../../protocols/registry.js';
import { messageFields } from '../../observations/fields.js';
import { decodeSchema } from './schema.js';

/** Records of the messages between servers. Their times count from 0: the clock is known only when all is read. */
async function records(name: string): Promise<MessageRecord[]> {
  const clock = new Clock();
  const list: MessageRecord[] = [];
  await readQuorum(name, (message) => {
    if (message.protocol !== 'zookeeper') list.push(messageRecord(message, message.connection, clock, { data: true }));
  });
  return list;
}

describe('messages between servers', () => {
  it.each(['load-observer', 'election-start', 'follower-snapshot', 'quorum-sasl'])(
    '%s: every record is as the schema says',
    async (name) => {
      const validate = new Ajv2020({ allErrors: true, strict: false, validateFormats: false }).compile(decodeSchema());
      const known = new Map(allProtocols().map(({ name, fields }) => [name, { ...messageFields, ...fields }]));
      const unknown = new Set<string>();
      for (const record of await records(name)) {
        const fields = known.get(String(record['protocol']))!;
        for (const property of Object.keys(record)) if (!(property in fields)) unknown.add(property);
        if (!validate(JSON.parse(JSON.stringify(record)))) {
          expect.fail(`${JSON.stringify(record)}: ${JSON.stringify(validate.errors)}`);
        }
      }
      expect([...unknown]).toEqual([]);
    },
  );

  it('are lines that say what matters', async () => {
    const lines = new MessageLines(new Chalk({ level: 0 }));
    const text = (await records('election-start')).map((record) => lines.format(record).trimEnd());
    const ofFrame = (frame: number): string => text.find((line) => line.trimStart().startsWith(`${frame} `))!;
    expect(ofFrame(16)).toContain('→');
    expect(ofFrame(16)).toMatch(/notification +from=2 to=1 LOOKING leader=2 zxid=0x0 round=1 epoch=0$/);
    expect(ofFrame(84)).toMatch(/ACK +learner=1 leader=3 zxid=0x100000000 of=NEWLEADER 81\.6 ms \(synchronising\)$/);
    expect(ofFrame(144)).toMatch(/PROPOSAL +learner=1 leader=3 zxid=0x100000003 create \/few\/n data=1 B/);
    expect(ofFrame(144)).toContain('←');
    expect(ofFrame(147)).toMatch(/COMMIT +learner=2 leader=3 zxid=0x100000003 create \/few\/n acks=1 1\.33 ms$/);
  });
});
