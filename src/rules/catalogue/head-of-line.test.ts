import { describe, expect, it } from 'vitest';
import { Scenario } from '../../testing/scenario.js';
import type { Finding } from '../finding.js';

/** A client whose sync is not answered for `waits` seconds, with reads behind it; then it leaves, or is answered. */
function findings({ waits = 3, leaves = true, others = true, reads = 4 }): readonly Finding[] {
  const s = new Scenario();
  const c = s.session('10.0.1.1:40000', '0x17', { timeout: 4000 });
  const other = s.session('10.0.1.2:40000', '0x18');
  const asked = [c.request('sync', '/a')];
  for (let i = 0; i < reads; i++) asked.push(c.request('getData', `/a/${i}`));
  s.wait(waits / 2);
  asked.push(c.request('ping', null));
  if (others) other.ask('getData', '/b', {}, { stat: {} });
  s.wait(waits / 2);
  if (leaves) {
    c.tcp.toServer.fin = s.moment();
    c.end('fin');
  } else for (const request of asked) c.response(request);
  other.idle(10);
  return s.end();
}

const told = (what: Parameters<typeof findings>[0]): Finding | undefined =>
  findings(what).find(({ rule }) => rule === 'head-of-line');

describe('a client that leaves while its requests wait behind a slow one', () => {
  it('is an error, with the request and how many waited', () => {
    const finding = told({});
    expect(finding).toMatchObject({
      severity: 'error',
      session: '0x17',
      data: { behind: 'sync', held: 4, left: true },
    });
    expect(finding?.message).toContain('until the client gave up and left');
  });

  it('explains that its requests were never answered', () => {
    const unanswered = findings({}).find(({ rule }) => rule === 'ping-unanswered');
    expect(unanswered?.cause?.rule).toBe('head-of-line');
    expect(unanswered?.message).toContain('(head-of-line)');
  });

  it('is a warning where it stays and is answered', () => {
    expect(told({ leaves: false, waits: 1 })).toMatchObject({ severity: 'warning', data: { left: false } });
  });

  it('is none where the server answers nobody, or nothing waited behind it', () => {
    expect(told({ others: false })).toBeUndefined();
    expect(told({ reads: 1 })).toBeUndefined();
  });
});
