import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../testing/runCli.js';
import { Losses } from './losses.js';

const NONE = {
  connections: 0,
  sessions: 0,
  sessionsNotListed: 0,
  znodes: 0,
  views: 0,
  details: 0,
  childLists: 0,
  requests: 0,
  cases: 0,
};

describe('what was forgotten to bound memory', () => {
  it('is said, each kind with its number', () => {
    const forgotten = { ...NONE, connections: 7, sessions: 1, views: 2000, childLists: 1, requests: 12 };
    expect(new Losses().parts([], [], 9, forgotten)).toEqual([
      '9 connections, 1 session before their end, 2,000 paths that a session had watched or read, 1 list of children, 12 requests that waited for an answer forgotten to bound memory',
    ]);
  });

  it('is not said where nothing was, nor that ended sessions are not listed', () => {
    expect(new Losses().parts([], [], 0, { ...NONE, sessionsNotListed: 20_000 })).toEqual([]);
  });
});

describe('bytes that could not be aligned', () => {
  it('are a vote where a reset cut an election', async () => {
    const capture = fileURLToPath(new URL('../../../fixtures/quorum/log-truncated.pcap.gz', import.meta.url));
    const { stdout } = await runCli('analyze', capture);
    expect(stdout).toMatch(
      /Not seen: 1 vote of an election that a reset of the connection cut short\s\(4\sbytes,\sframe\s1140\)/,
    );
  });
});

describe('errors', () => {
  it('are named, also where nothing is wrong', async () => {
    const capture = fileURLToPath(new URL('../../../fixtures/incidents/nodeexists-ok.pcap', import.meta.url));
    const { stdout } = await runCli('analyze', capture);
    expect(stdout).toMatch(/^Errors: \w+ for \d+ of \d+ \w+/m);
  });
});
