import { expect, it, describe } from 'vitest';
import { analysePackets } from '../../testing/analyseCapture.js';
import { CaptureBuilder } from '../../testing/captureBuilder.js';
import type { TcpConversation } from '../../testing/tcpConversation.js';
import { connectRequest, connectResponse, emptyResponse, pingRequest } from '../../testing/zookeeperBytes.js';
import type { FindingEntry } from '../../report/analyze/document.js';

const SESSION = 0x300003223ca0065n;
const DROPPED = { dropped: true } as const;

/** Clients that ping for a while; then `cut` plays what the capture holds of each after the cut, until the server closed. */
async function told(cut: (c: TcpConversation, builder: CaptureBuilder) => void): Promise<FindingEntry[]> {
  const builder = new CaptureBuilder();
  const clients = [152, 153].map((host) => {
    return builder.connection({ client: `10.77.0.${host}:40000`, server: '10.77.0.13:2181' });
  });
  for (const [i, c] of clients.entries()) {
    c.handshake()
      .client(connectRequest(0n, 6000))
      .server(connectResponse(SESSION + BigInt(i), 6000))
      .ack('client');
  }
  for (let i = 0; i < 4; i++) {
    builder.wait(2);
    for (const c of clients)
      c.client(pingRequest)
        .server(emptyResponse(-2, 5n, 0))
        .ack('client');
  }
  for (const c of clients) cut(c, builder);
  const other = builder.connection({ client: '10.77.0.160:40000', server: '10.77.0.13:2181' });
  other.handshake().client(connectRequest()).server(connectResponse(9n)).ack('client');
  for (let i = 0; i < 8; i++) {
    builder.wait(1);
    other
      .client(pingRequest)
      .server(emptyResponse(-2, 5n, 0))
      .ack('client');
  }
  const { document } = await analysePackets(builder.packets);
  return document.findings.filter(({ rule }) => rule === 'half-open-connection');
}

/** The server closes after the timeout, and repeats its FIN; each time the client acknowledges it, or not. */
function closes(c: TcpConversation, builder: CaptureBuilder, acknowledged: boolean): void {
  builder.wait(1);
  c.fin('server', acknowledged ? {} : DROPPED);
  for (let i = 0; i < 4; i++) {
    if (acknowledged) c.ack('client', DROPPED);
    builder.wait(0.3);
    c.retransmit('server', 0, acknowledged ? {} : DROPPED);
  }
}

function pingsInVain(c: TcpConversation, builder: CaptureBuilder): void {
  builder.wait(2);
  c.client(pingRequest, DROPPED);
  for (let i = 0; i < 4; i++) {
    builder.wait(0.4);
    c.retransmit('client', 0, DROPPED);
  }
}

describe('on which side of the capture the packets die', () => {
  it('nothing is seen of the clients: before the capture, or they are gone', async () => {
    const [finding, ...more] = await told((c, builder) => {
      builder.wait(5);
      closes(c, builder, false);
    });
    expect(more).toEqual([]);
    expect(finding?.data).toMatchObject({ gone: 'client', lost: 'between the client and the capture', connections: 2 });
  });

  it('their repetitions and their ACKs of every FIN are seen: between the capture and the server', async () => {
    const [finding, ...more] = await told((c, builder) => {
      pingsInVain(c, builder);
      closes(c, builder, true);
    });
    expect(more).toEqual([]);
    expect(finding?.data).toMatchObject({ lost: 'between the capture and the server', connections: 2 });
    expect(finding?.message).toContain('10.77.0.152 and 10.77.0.153');
  });

  it('the clients close as well, and their FINs are not acknowledged either', async () => {
    const [finding, ...more] = await told((c, builder) => {
      pingsInVain(c, builder);
      builder.wait(1);
      c.fin('server').ack('client', DROPPED).fin('client', DROPPED);
      for (let i = 0; i < 4; i++) {
        builder.wait(0.3);
        c.retransmit('server').retransmit('client', 0, DROPPED);
      }
    });
    expect(more).toEqual([]);
    expect(finding?.data).toMatchObject({ lost: 'between the capture and the server', connections: 2 });
  });

  it('an orderly end is none', async () => {
    const found = await told((c, builder) => {
      builder.wait(5);
      c.fin('server').fin('client').ack('server');
    });
    expect(found).toEqual([]);
  });

  it('names a packet of the client as its latest, one that the server took', async () => {
    const [finding] = await told((c, builder) => {
      pingsInVain(c, builder);
      closes(c, builder, true);
    });
    // The fourth ping of the first client.
    expect(finding?.evidence[0]).toMatchObject({ frame: 31 });
    expect(finding?.evidence[0]?.text).toContain('latest request of 10.77.0.152:40000');
  });
});
