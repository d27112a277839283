import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CaptureError } from '../inputs.js';
import { documentsOf } from '../../testing/documents.js';

const CAPTURES = ['protocol/every-opcode.pcap', 'quorum/election-start.pcap.gz', 'tls/failures.pcap.gz'];
const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));

const input = (lines: readonly string[]): { name: string; stream: Readable } => {
  return { name: 'journal', stream: Readable.from([Buffer.from(`${lines.join('\n')}\n`)]) };
};

/** Values that a field may have instead of its own. */
const STRANGE: unknown[] = [null, -1, 1e308, 2 ** 53, 0.5, '', '0x', '0xffffffffffffffff', 'unknown(7)', [], {}, true];

/** One field of a line, however deep, becomes something else, or goes. */
function spoiled(line: string, pick: number, value: unknown): string {
  const object = JSON.parse(line) as Record<string, unknown>;
  const places: [Record<string, unknown>, string][] = [];
  const walk = (inside: Record<string, unknown>): void => {
    for (const name of Object.keys(inside)) {
      places.push([inside, name]);
      const item = inside[name];
      if (typeof item === 'object' && item !== null) walk(item as Record<string, unknown>);
    }
  };
  walk(object);
  const [inside, name] = places[pick % places.length]!;
  if (value === undefined) Reflect.deleteProperty(inside, name);
  else inside[name] = value;
  return JSON.stringify(object);
}

it.each(CAPTURES)('%s: lines that lie are read or passed over, and never throw', async (name) => {
  const lines: string[] = [];
  await documentsOf(FIXTURES + name, undefined, (line) => lines.push(line));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(STRANGE.length)), { minLength: 1, maxLength: 40 }),
      async (changes) => {
        const changed = [...lines];
        for (const [at, pick, what] of changes) {
          const place = at % changed.length;
          changed[place] = spoiled(changed[place]!, pick, STRANGE[what]);
        }
        const read = await documentsOf(input(changed)).catch((error: unknown) => error);
        // A first line that is none says that it is no journal.
        if (!(read instanceof CaptureError)) expect(read).toHaveProperty('documents.analyze');
      },
    ),
    { numRuns: 15 },
  );
});

it('takes handshakes of TLS that leave out what may be absent', async () => {
  const lines: string[] = [];
  await documentsOf(`${FIXTURES}tls/failures.pcap.gz`, undefined, (line) => lines.push(line));
  for (const name of [
    'serverFirst',
    'serverHello',
    'decided',
    'alert',
    'serverCertificates',
    'helloEpoch',
    'version',
  ]) {
    const without = lines.map((line) => {
      const object = JSON.parse(line) as { handshake?: Record<string, unknown> };
      if (object.handshake !== undefined) Reflect.deleteProperty(object.handshake, name);
      return JSON.stringify(object);
    });
    expect((await documentsOf(input(without))).documents).toHaveProperty('analyze');
  }
});

it('takes lines without the journal’s own as messages of connections of which nothing else is known', async () => {
  const lines: string[] = [];
  await documentsOf(`${FIXTURES}protocol/zkcli.pcap`, undefined, (line) => lines.push(line));
  const messages = lines.filter((line) => !line.startsWith('{"kind"'));
  const { records } = await documentsOf(input(messages));
  expect(records).toHaveLength(messages.length);
});

it('says that a journal was cut', async () => {
  const lines: string[] = [];
  await documentsOf(`${FIXTURES}protocol/zkcli.pcap`, undefined, (line) => lines.push(line));
  const { documents } = await documentsOf(input(lines.slice(0, -20)));
  const { captures } = documents['analyze'] as { captures: { truncated: boolean; problems: string[] }[] };
  expect(captures[0]).toMatchObject({ truncated: true });
  expect(captures[0]!.problems.join()).toContain('the journal has no end');
});

it('forgets the oldest of connections that never end', async () => {
  const opened = Array.from({ length: 25_000 }, (_, connection) =>
    JSON.stringify({
      ...{
        kind: 'opened',
        frame: connection + 1,
        time: '2026-11-20T23:31:00.000001Z',
        protocol: 'zookeeper',
        connection,
      },
      ...{ client: `10.0.0.1:${1024 + (connection % 60_000)}`, server: '10.0.0.2:2181', midStream: false },
    }),
  );
  const { documents } = await documentsOf(
    input(['{"kind":"journal","time":"2026-11-20T23:31:00.000001Z"}', ...opened]),
  );
  const { summary } = documents['analyze'] as { summary: { forgotten: { connections: number } } };
  expect(summary.forgotten.connections).toBe(5000);
});
