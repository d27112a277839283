/** Questions that people ask of captures, as queries: `zkscope help query` shows them, and a test runs them all. */
export const recipes: readonly (readonly [question: string, sql: string])[] = [
  [
    'Which operations are slow?',
    "SELECT op, count(*) AS answers, round(1e3 * quantile_cont(latency, 0.5), 2) AS p50_ms, round(1e3 * quantile_cont(latency, 0.99), 2) AS p99_ms, round(1e3 * max(latency), 2) AS max_ms FROM messages WHERE kind = 'response' AND latency IS NOT NULL GROUP BY op ORDER BY p99_ms DESC",
  ],
  [
    'The ten slowest answers, to be looked up in Wireshark',
    'SELECT frame, requestFrame, client, server, op, round(1e3 * latency, 2) AS ms FROM messages WHERE latency IS NOT NULL ORDER BY latency DESC, frame LIMIT 10',
  ],
  [
    'Who asks most?',
    "SELECT split_part(client, ':', 1) AS host, op, count(*) AS requests, round(count(*) / greatest(1, max(ts) - min(ts)), 2) AS a_second FROM messages WHERE kind = 'request' AND op <> 'ping' GROUP BY ALL ORDER BY requests DESC, host, op LIMIT 20",
  ],
  [
    'Second by second: requests, errors, the slowest answer',
    "SELECT date_trunc('second', time) AS second, count(*) FILTER (kind = 'request') AS requests, count(error) AS errors, round(1e3 * max(latency), 1) AS slowest_ms FROM messages GROUP BY second ORDER BY second",
  ],
  [
    'What failed, for whom?',
    "SELECT q.op, q.path, a.error, count(*) AS times, count(DISTINCT q.client) AS clients, min(a.frame) AS first_frame FROM messages a JOIN messages q ON q.connection = a.connection AND q.frame = a.requestFrame AND q.xid = a.xid AND q.kind = 'request' WHERE a.error IS NOT NULL GROUP BY ALL ORDER BY times DESC, first_frame",
  ],
  [
    'Requests that were never answered',
    "SELECT frame, time, client, op, path FROM messages q WHERE kind = 'request' AND protocol = 'zookeeper' AND NOT EXISTS (SELECT 1 FROM messages a WHERE a.kind = 'response' AND a.connection = q.connection AND a.requestFrame = q.frame AND a.xid IS NOT DISTINCT FROM q.xid) ORDER BY frame",
  ],
  [
    'What is read again and again without a watch?',
    "SELECT path, op, count(*) AS reads, count(DISTINCT client) AS clients FROM messages WHERE kind = 'request' AND watch = false GROUP BY ALL HAVING reads > 1 ORDER BY reads DESC, path LIMIT 20",
  ],
  [
    'How long after a change did who hear of it?',
    "WITH changes AS (SELECT frame, ts, op, path, unnest([path, regexp_replace(path, '/[^/]+$', '')]) AS about FROM messages WHERE kind = 'request' AND op IN ('create', 'create2', 'setData', 'delete')) SELECT c.path, c.op, c.frame AS written, n.frame AS heard, n.client, round(1e3 * (n.ts - c.ts), 2) AS ms FROM messages n ASOF JOIN changes c ON n.path = c.about AND n.ts >= c.ts WHERE n.kind = 'notification' ORDER BY ms DESC, heard LIMIT 20",
  ],
  [
    'Which connections suffered, and how did they end?',
    'SELECT connection, client, server, "end", toServer.retransmissions + toClient.retransmissions AS repeated, toServer.gapBytes + toClient.gapBytes AS not_captured, toClient.packets AS packets FROM connections ORDER BY coalesce(repeated, 0) DESC, connection LIMIT 20',
  ],
  [
    'Sessions that came back, and what was found out about them',
    'SELECT s.session, s.client, s.timeout, s.connections, s."end", list(DISTINCT f.rule) FILTER (f.rule IS NOT NULL) AS findings FROM sessions s LEFT JOIN findings f ON f.session = s.session GROUP BY ALL ORDER BY s.connections DESC, s.session LIMIT 20',
  ],
];
