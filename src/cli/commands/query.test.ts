import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recipes } from '../../export/sql/recipes.js';
import { runCli } from '../../testing/runCli.js';
import { temporaryFolder } from '../../testing/temporaryFolder.js';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/', import.meta.url));
const MISSING = `${FIXTURES}incidents/rewatch-missing.pcap`;
const HEALTHY = `${FIXTURES}healthy-mixed.pcap`;
type Row = Readonly<Record<string, unknown>>;

/** Rows that a query gives; nothing else may be said. */
async function rows(sql: string, ...inputs: string[]): Promise<Row[]> {
  const { stdout, stderr, status } = await runCli('query', '--json', sql, ...inputs);
  expect([status, stderr]).toEqual([0, '']);
  return lines(stdout);
}

const lines = (text: string): Row[] =>
  text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);

const without = (row: Row, names: readonly string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));

describe('zkscope query', () => {
  it('has every message as decode has it, nested values and all', async () => {
    const { stdout } = await runCli('decode', '--json', MISSING);
    const all = await rows('SELECT * FROM messages', MISSING);
    const decoded = lines(stdout);
    expect(all.length).toBe(decoded.length);
    for (const [i, message] of decoded.entries()) expect(all[i]).toMatchObject(message);
  });

  it('has connections, sessions, findings and gaps as the other commands have them', async () => {
    const { stdout } = await runCli('analyze', '--json', MISSING);
    const { findings, sessions, summary } = JSON.parse(stdout) as Record<string, unknown> & { findings: Row[] };
    expect(await rows('SELECT * EXCLUDE (data, unrepaired) FROM findings', MISSING)).toMatchObject(
      findings.map((finding) => without(finding, ['data', 'unrepaired'])),
    );
    expect(await rows('FROM sessions', MISSING)).toMatchObject(sessions as Row[]);
    const [counted] = await rows('SELECT count(*) AS n, count(DISTINCT client) AS clients FROM connections', MISSING);
    expect(counted?.['n']).toBe((summary as { connections: number }).connections);
    const gaps = await rows('SELECT reason, bytes FROM gaps', `${FIXTURES}tls/proxied.pcap.gz`).catch(() => []);
    expect(Array.isArray(gaps)).toBe(true);
  });

  it('fills only the columns that a query names, with the same result', async () => {
    const one = await rows("SELECT count(*) AS n, max(latency) AS most FROM messages WHERE kind = 'response'", HEALTHY);
    const all = await rows(
      "WITH m AS (SELECT * FROM messages) SELECT count(*) AS n, max(latency) AS most FROM m WHERE kind = 'response'",
      HEALTHY,
    );
    expect(one).toEqual(all);
    expect(one[0]!['n']).toBeGreaterThan(1000);
  });

  it('reads journals, and applies the common filters', async () => {
    const { stdout } = await runCli('query', '--csv', 'SELECT DISTINCT op FROM messages', HEALTHY, '--op', 'getData');
    expect(stdout).toBe('op\ngetData\n');
  });

  it('shows a table, and says what has no room', async () => {
    const { stdout, stderr } = await runCli('query', 'FROM messages ORDER BY frame LIMIT 1', MISSING);
    expect(stdout).toMatch(/^frame +time/);
    expect(stderr).toMatch(/^zkscope: no room for \d+ columns \(.* …\): COLUMNS=200, --csv or --json\n$/);
  });

  it.each(recipes)('%s', async (_, sql) => {
    const dropped = `${FIXTURES}incidents/server-pause.pcap.gz`;
    const found = [...(await rows(sql, MISSING)), ...(await rows(sql, dropped))];
    expect(found.length).toBeGreaterThan(0);
  });

  it('answers the recipes right', async () => {
    const sql = (question: string): string => recipes.find(([asked]) => asked.startsWith(question))![1];
    const { stdout } = await runCli('analyze', '--json', HEALTHY);
    const { summary } = JSON.parse(stdout) as { summary: { byOp: Record<string, { requests: number }> } };
    const slow = await rows(sql('Which operations'), HEALTHY);
    const counts = Object.entries(summary.byOp).map(([op, { requests }]) => [op, requests]);
    expect(Object.fromEntries(slow.map(({ op, answers }) => [op, answers]))).toEqual(Object.fromEntries(counts));
    expect(await rows(sql('Requests that were never'), HEALTHY)).toEqual([]);
    const [slowest] = await rows(sql('The ten slowest'), MISSING);
    const answers = lines((await runCli('decode', '--json', '--kind', 'response', MISSING)).stdout);
    const most = Math.max(...answers.map(({ latency }) => (latency as number | undefined) ?? 0));
    expect(slowest?.['ms']).toBeCloseTo(1e3 * most, 2);
  });
});

describe('files of zkscope query', () => {
  const place = temporaryFolder('each');

  it('are of all tables, or of a query', async () => {
    for (const ending of ['parquet', 'csv', 'ndjson']) {
      const { stdout, status } = await runCli('query', '-o', place(`zk.${ending}`), MISSING);
      expect([status, stdout]).toEqual([0, '']);
    }
    expect(readdirSync(place())).toHaveLength(15);
    expect(readFileSync(place('zk-messages.parquet')).toString('latin1', 0, 4)).toBe('PAR1');
    const all = await rows('SELECT * FROM messages', MISSING);
    const [read] = await rows(`SELECT count(*) AS n FROM read_parquet('${place()}/zk-messages.parquet')`, MISSING);
    expect(read?.['n']).toBe(all.length);
    await runCli('query', '-o', place('one.csv'), 'SELECT 1 AS one FROM findings LIMIT 1;', MISSING);
    expect(readFileSync(place('one.csv'), 'utf8')).toBe('one\n1\n');
  });

  it.each([
    [['SELECT nope FROM messages', MISSING], /^zkscope: query: Binder Error: .*nope/],
    [['SELEC 1', MISSING], /a query comes first/],
    [[MISSING], /a query comes first/],
    [['SELECT 1'], /name the captures/],
    [['-o', 'x.txt', MISSING], /has to end in/],
    [['SELECT * FROM messages; DROP', MISSING], /^zkscope: query: .*Parser Error/],
  ])('%j is refused in one line', async (argv, said) => {
    const { status, stderr } = await runCli('query', ...argv);
    expect(status).toBe(2);
    expect(stderr).toMatch(said);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
