import { describe, expect, it } from 'vitest';
import type { FindingEntry } from '../../report/analyze/document.js';
import { analysePackets } from '../../testing/analyseCapture.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import type { TcpConversation } from '../../testing/tcpConversation.js';
import { connectRequest, connectResponse, emptyResponse, existsRequest } from '../../testing/zookeeperBytes.js';

const GONE = { lost: true, dropped: true } as const;

/** Six requests of one client as `round` plays each of them, while another client of the same server is answered at once. */
async function told(
  round: (c: TcpConversation, ask: Buffer, answer: Buffer) => void,
): Promise<FindingEntry | undefined> {
  const builder = new CaptureBuilder();
  const [c, other] = [21, 22].map((host, i) =>
    builder
      .connection({ client: `10.77.0.${host}:40000`, server: '10.77.0.13:2181' })
      .handshake()
      .client(connectRequest(0n, 20_000))
      .server(connectResponse(0x300003223ca0065n + BigInt(i), 20_000))
      .ack('client'),
  );
  for (let xid = 1; xid <= 6; xid++) {
    const ask = existsRequest(xid, '/app/config');
    const answer = emptyResponse(xid, 5n, -101);
    other!.client(ask).server(answer).ack('client');
    round(c!, ask, answer);
    builder.wait(1);
  }
  const { document } = await analysePackets(builder.packets);
  const found = document.findings.filter(({ rule }) => rule === 'network-loss');
  expect(found.length).toBeLessThan(2);
  return found[0];
}

describe('network-loss', () => {
  it('answers that had to be sent again behind the point of capture', async () => {
    const finding = await told((c, ask, answer) => {
      c.client(ask).server(answer, { dropped: true });
      c.wait(0.2).retransmit('server').ack('client');
    });
    expect(finding).toMatchObject({ severity: 'warning', confidence: 'proven', client: '10.77.0.21:40000' });
    expect(finding?.data).toMatchObject({ retransmissions: 6, ofServer: 6, lostBeforeCapture: 0, slowAnswers: 5 });
  });

  it('not copies that the other side says it had already: the server is slow, nothing was lost', async () => {
    const finding = await told((c, ask, answer) => {
      c.client(ask);
      c.wait(0.21).retransmit('client').dsack('server');
      c.wait(0.3).server(answer).ack('client');
    });
    expect(finding).toBeUndefined();
  });

  it('the same copies without a D-SACK are losses', async () => {
    const finding = await told((c, ask, answer) => {
      c.client(ask);
      c.wait(0.21).retransmit('client').ack('server');
      c.wait(0.3).server(answer).ack('client');
    });
    expect(finding?.data).toMatchObject({ ofClient: 6 });
  });

  it('answers that were lost before the point of capture, and come late, behind what was sent after them', async () => {
    let zxid = 0;
    const finding = await told((c, ask, answer) => {
      c.client(ask).server(answer, GONE);
      c.server(emptyResponse(-2, BigInt(++zxid), 0)).ack('client');
      c.wait(0.2).retransmit('server', 1).ack('client');
    });
    expect(finding).toMatchObject({ severity: 'warning', client: '10.77.0.21:40000' });
    expect(finding?.data).toMatchObject({ retransmissions: 6, ofServer: 6, lostBeforeCapture: 6 });
    expect(finding?.message).toContain('lost before the point of capture');
  });

  it('not segments that change places on the way of a slow server', async () => {
    let zxid = 0;
    const finding = await told((c, ask, answer) => {
      c.client(ask).wait(0.3);
      c.server(answer, GONE)
        .server(emptyResponse(-2, BigInt(++zxid), 0))
        .retransmit('server', 1)
        .ack('client');
    });
    expect(finding).toBeUndefined();
  });
});
