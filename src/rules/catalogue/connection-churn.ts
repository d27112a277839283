import { duration, listing, plural } from '../../observations/words.js';
import { type ClientLoad, type ShortConnection, ShortConnections } from '../../model/index.js';
import type { Finding, Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { seconds } from '../../observations/seconds.js';
import { reconnectStorm } from './reconnect-storm.js';

const LISTED = 200;
const REMEDY =
  'Keep one connection (one session, for ZooKeeper) for each process and use it for all requests. In Go read every response body to its end and close it, share one http.Client, and do not set DisableKeepAlives or Request.Close; MaxIdleConnsPerHost must not be smaller than the number of requests at a time.';

/** One server, and the hosts that churn connections to it. */
interface Churned {
  readonly server: string;
  readonly loads: ClientLoad[];
  readonly all: ShortConnections;
}

export const connectionChurn = defineRule({
  meta: {
    name: 'connection-churn',
    summary: 'A client host opens a new connection for every few requests',
    documentation: {
      meaning:
        'Connections from one host to one server port open, carry a few requests at most and close, many of them, instead of one that is kept. Each costs a handshake, a file descriptor and a TIME_WAIT on the side that closes first; for ZooKeeper a session too, which is two writes of the quorum.',
      proof:
        'The SYNs, the number of requests on each connection, and who closed first. Counted are connections whose start and end are in the capture without gaps, that lived no longer than 20 s and carried at most three requests, in windows of 10 s with many of them.',
      lookalikes:
        'Health probes and four-letter words; etcd members that ask each other GET /raft/probing and GET /version on a fresh connection each time; clients that come back once after a restart; many clients behind one address whose connections live on; handshakes that fail (reconnect-storm).',
      remedy: REMEDY,
    },
    options: {
      minimum: {
        type: 'number',
        default: 50,
        min: 1,
        unit: 'connections',
        description: 'Short connections to one server from which on it is worth telling',
      },
    },
  },
  causes: [reconnectStorm],
  unfollowed: true,
  create({ model, options, report, findingsOf }) {
    return {
      end() {
        const servers = new Map<string, Churned>();
        const storms = findingsOf(reconnectStorm);
        for (const load of model.churn.churned()) {
          if (isExplained(storms, load)) continue;
          let churned = servers.get(load.server);
          if (churned === undefined) {
            churned = { server: load.server, loads: [], all: new ShortConnections() };
            servers.set(load.server, churned);
          }
          churned.loads.push(load);
          churned.all.merge(load.churn);
        }
        for (const churned of servers.values()) {
          if (churned.all.connections >= options.minimum) report(finding(churned));
        }
      },
    };
  },
});

/** A host that cannot keep a session is another story, which reconnect-storm has told. */
function isExplained(storms: readonly Finding[], load: ClientLoad): boolean {
  return storms.some(({ client }) => client === load.client || client?.startsWith(`${load.client}:`) === true);
}

function finding({ server, loads, all }: Churned): Omit<Finding, 'rule'> {
  const from = all.first!.time;
  const to = all.last!.time;
  const kept = loads.reduce((sum, load) => sum + load.kept, 0);
  const keptRequests = loads.reduce((sum, load) => sum + load.keptRequests, 0);
  const clear = all.connections - all.encrypted;
  const carried =
    clear === 0 ? 'encrypted, little was carried on each' : `${plural(all.requests, 'request')} on ${clear} of them`;
  const busiest = Math.max(...loads.map((load) => load.busiest));
  const clients = loads.map((load) => load.client);
  const closed = `${all.closedByServer} closed first by the server, ${all.closedByClient} by the client`;
  const beside =
    kept === 0 ? '' : `; beside them ${plural(kept, 'kept connection')} carried ${plural(keptRequests, 'request')}`;
  return {
    severity: 'warning',
    confidence: 'proven',
    title: `Connections to ${server} are not kept`,
    message: `${listing(clients)} opened ${all.connections} short connections to ${server} in ${duration(to - from)}, up to ${busiest} within 10 s from one host: ${clear === all.connections ? plural(all.requests, 'request') : carried}, ${closed}${beside}.`,
    remedy: REMEDY,
    server,
    ...(clients.length === 1 ? { client: clients[0]! } : {}),
    from,
    to,
    evidence: all.samples.slice(0, 3).flatMap(evidence),
    data: {
      connections: all.connections,
      requests: all.requests,
      encrypted: all.encrypted,
      closedFirstByServer: all.closedByServer,
      closedFirstByClient: all.closedByClient,
      resets: all.resets,
      lateServerFins: all.lateServerFins,
      busiest,
      keptConnections: kept,
      keptRequests,
      probes: loads.reduce((sum, load) => sum + load.probes, 0),
      perSecond: to > from ? Math.round((all.connections / ((to - from) / 1e9)) * 10) / 10 : null,
      clients: clients.slice(0, LISTED),
      affected: loads.slice(0, LISTED).map((load) => ({
        client: load.client,
        connections: load.churn.connections,
        requests: load.churn.requests,
        keptConnections: load.kept,
        keptRequests: load.keptRequests,
        probes: load.probes,
        seconds: seconds((load.churn.last?.time ?? 0) - (load.churn.first?.time ?? 0)),
        frames: load.churn.samples.map(({ opened }) => opened.frame),
      })),
      ...(loads.length > LISTED ? { affectedNotListed: loads.length - LISTED } : {}),
    },
  };
}

function evidence({ client, opened, end, by, rst }: ShortConnection): Evidence[] {
  const found: Evidence[] = [{ ...opened, text: `SYN of ${client}` }];
  const what = `${rst ? 'RST' : 'FIN'} of ${by === 'server' ? 'the server' : 'the client'}: it is closed`;
  if (end !== null) found.push({ ...end, text: what });
  return found;
}
