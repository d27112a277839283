import { createServer, type Server } from 'node:http';
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { UsageError } from '../usage.js';

const LOCAL = '127.0.0.1';
const TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** `127.0.0.1:9142`, `[::1]:9142`, or a port of this host alone. Throws InvalidArgumentError. */
export function listenAddress(text: string): ListenAddress {
  const match = /^(?:(\[[0-9a-f:.]+\]|[^:[\]]*):)?(\d{1,5})$/i.exec(text);
  const host = (match?.[1] ?? '').replace(/^\[|\]$/g, '');
  const port = Number(match?.[2]);
  if (match === null || port > 65_535 || (host !== '' && host !== 'localhost' && isIP(host) === 0))
    throw new InvalidArgumentError('where to listen is ip:port, such as 127.0.0.1:9142, or a port of this host alone.');
  return { host: host === '' ? LOCAL : host, port };
}

export interface MetricsServer {
  /** Where it really listens. */
  readonly url: string;
  close(): void;
}

/** Serves what `metrics` gives under /metrics until it is closed. Throws UsageError where it cannot listen there. */
export async function serveMetrics({ host, port }: ListenAddress, metrics: () => string): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/\?.*/s, '');
    const head = request.method === 'HEAD';
    if (request.method !== 'GET' && !head) {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (path === '/metrics') {
      response.writeHead(200, { 'content-type': TYPE }).end(head ? undefined : metrics());
    } else {
      response.writeHead(404, { 'content-type': 'text/plain' }).end(head ? undefined : 'see /metrics\n');
    }
  });
  await listening(server, host, port);
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reasons: Readonly<Record<string, string>> = {
        EADDRINUSE: 'somebody listens there already',
        EACCES: 'permission denied',
        EADDRNOTAVAIL: 'it is no address of this host',
      };
      reject(new UsageError(`cannot listen on ${host}:${port}: ${reasons[error.code ?? ''] ?? error.message}`));
    });
    server.listen(port, host, resolve);
  });
}
