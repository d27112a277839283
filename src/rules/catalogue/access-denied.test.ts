import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { analysePackets } from '../../testing/analyseCapture.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import { runCli } from '../../testing/runCli.js';
import { authRequest, connectRequest, connectResponse, emptyResponse } from '../../testing/zookeeperBytes.js';

/** A client that sends these credentials on a plain connection. */
function sends(...credentials: string[]): CaptureBuilder {
  const builder = new CaptureBuilder();
  const c = builder.connection({ client: '10.77.0.21:40000', server: '10.77.0.13:2181' }).handshake();
  c.client(connectRequest()).server(connectResponse(7n)).ack('client');
  for (const auth of credentials)
    c.client(authRequest('digest', auth))
      .server(emptyResponse(-4, 5n, 0))
      .ack('client');
  return builder;
}

it('names whose digest credentials are readable, and nothing behind the colon', async () => {
  const { document } = await analysePackets(sends('alice:s3cret', 'alice:s3cret', 'bob:s3cret', 's3cret').packets);
  const [finding] = document.findings.filter(({ rule }) => rule === 'access-denied');
  expect(finding).toMatchObject({ severity: 'info', data: { kind: 'clear', users: ['alice', 'bob'] } });
  expect(finding?.message).toContain('(alice and bob)');
  expect(JSON.stringify(document)).not.toContain('s3cret');
});

it('no command shows more than the user, and that one escaped', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkscope-auth-'));
  try {
    const file = join(folder, 'auth.pcap');
    writeFileSync(file, sends('ev\u001b[31mil:s3cret').toPcap());
    for (const command of [
      ['analyze'],
      ['analyze', '--json'],
      ['decode'],
      ['decode', '--json'],
      ['decode', '--json', '--connections'],
      ['decode', '--json', '--data'],
    ]) {
      const { stdout } = await runCli(...command, file);
      expect(stdout, command.join(' ')).not.toMatch(/s3cret|czNjcmV0/);
      expect(stdout, command.join(' ')).not.toContain('\u001b');
      expect(stdout.length).toBeGreaterThan(100);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
