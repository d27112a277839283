import { duration, listing, plural } from '../../observations/words.js';
import type { ServerHandshakes, Stalled } from '../../model/index.js';
import type { TlsHandshake } from '../../protocols/tls/message.js';
import type { DataValue, Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { seconds } from '../../observations/seconds.js';

const LISTED = 200;
const REMEDY =
  'Look at the server process while it hangs (goroutine dump or jstack, open file limit, accept queue, entropy, disk): it accepts connections and does not read from them. Sockets in CLOSE_WAIT on its host (ss -tan state close-wait) are connections that its clients have given up and it has never closed; restart the process if they pile up.';

export const tlsHandshakeStall = defineRule({
  meta: {
    name: 'tls-handshake-stall',
    summary: 'A server takes ClientHellos and never answers them',
    documentation: {
      meaning:
        'The server’s host acknowledges the ClientHello, but its process sends not one byte, until the client’s handshake timeout ends the attempt (10 s in Go). If the process does not close its side either, the connection stays in CLOSE_WAIT and holds a file descriptor. An error where the server left such connections open or did this three times and more; otherwise a warning.',
      proof:
        'ClientHello acknowledged at TCP level, no byte from the server in a capture that has the server’s direction without gaps, then the client’s FIN. The connections on which no FIN or RST of the server follows by the end of the capture are the CLOSE_WAIT suspects.',
      lookalikes:
        'A slow handshake that is completed; an alert; a reset by the server; a ClientHello that nobody acknowledged (network); a client that gives up at once; a capture without the server’s packets.',
      remedy: REMEDY,
    },
    options: {
      wait: {
        type: 'number',
        default: 2,
        unit: 'seconds',
        description: 'How long the client must have waited for the stall to be the server’s',
      },
    },
  },
  unfollowed: true,
  create({ model, options, report }) {
    function look(server: ServerHandshakes): void {
      const stalled = server.stalled.filter(({ handshake }) => waited(handshake) >= options.wait * 1e9);
      const first = stalled[0];
      if (first === undefined) return;
      const open = stalled.filter(({ connection: { toClient } }) => toClient.fin === null && toClient.rst === null);
      const waits = stalled.map(({ handshake }) => waited(handshake)).sort((a, b) => a - b);
      const clients = [...new Set(stalled.map(({ connection }) => connection.client.ip))];
      const answered = server.count('completed');
      const others = [
        ...(answered > 0 ? [`${answered} completed`] : []),
        ...(server.count('alert') > 0 ? [`${server.count('alert')} ended by an alert`] : []),
        ...(server.count('reset') > 0 ? [`${server.count('reset')} reset`] : []),
      ];
      const beside = others.length === 0 ? 'no handshake was completed' : `beside ${listing(others)}`;
      const never =
        open.length === 0
          ? ''
          : `, and the server never closed ${open.length === stalled.length ? 'any' : open.length} of them`;
      const last = stalled.at(-1)!;
      report({
        severity: open.length > 0 || stalled.length >= 3 ? 'error' : 'warning',
        confidence: 'proven',
        title: `TLS handshakes stall at ${server.server}`,
        message: `${server.server} took ${plural(stalled.length, 'ClientHello')} of ${listing(clients)} and answered none of them with a single byte: the clients gave up after ${duration(waits[0]!)}${waits.at(-1)! - waits[0]! > 0.05e9 ? ` to ${duration(waits.at(-1)!)}` : ''}${never}; ${beside}.`,
        remedy: REMEDY,
        server: server.server,
        ...(clients.length === 1 ? { client: clients[0]! } : {}),
        from: first.handshake.hello.time,
        to: Math.max(...stalled.map(({ handshake }) => handshake.decided!.time)),
        evidence: evidence(first, last),
        data: {
          stalled: server.count('stalled'),
          neverClosedByServer: open.length,
          minWait: seconds(waits[0]!),
          medianWait: seconds(waits[Math.floor(waits.length / 2)]!),
          maxWait: seconds(waits.at(-1)!),
          completed: answered,
          slowestCompleted: seconds(server.slowestCompleted),
          alerts: server.count('alert'),
          resets: server.count('reset'),
          clients: clients.slice(0, LISTED),
          affected: stalled.slice(0, LISTED).map(handshakeData),
          ...(stalled.length > LISTED ? { affectedNotListed: stalled.length - LISTED } : {}),
        },
      });
    }

    return {
      end() {
        for (const server of model.handshakes.servers.values()) look(server);
      },
    };
  },
});

/** Nanoseconds from the ClientHello to the client's FIN. */
function waited(handshake: TlsHandshake): number {
  return handshake.decided!.time - handshake.hello.time;
}

function handshakeData({ handshake, connection }: Stalled): DataValue {
  const { hello, decided, serverName } = handshake;
  return {
    client: connection.client.text,
    connection: connection.id,
    serverName,
    wait: seconds(waited(handshake)),
    closedByServer: connection.toClient.fin !== null || connection.toClient.rst !== null,
    frames: [hello.frame, decided!.frame],
  };
}

function evidence(first: Stalled, last: Stalled): Evidence[] {
  const found: Evidence[] = [];
  for (const { handshake, connection } of first === last ? [first] : [first, last]) {
    const { client, toClient } = connection;
    found.push({ ...handshake.hello, text: `ClientHello of ${client.text}, acknowledged by the server’s TCP` });
    const fin =
      toClient.fin === null && toClient.rst === null ? '; none of the server follows' : '; the server closes as well';
    found.push({
      ...handshake.decided!,
      text: `FIN of ${client.text} after ${duration(waited(handshake))} without a byte from the server${fin}`,
    });
  }
  return found;
}
