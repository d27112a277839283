import { recipes } from '../../export/sql/recipes.js';

/** A piece of a help topic: a paragraph, a list of terms, or commands to copy. */
export type Block =
  | string
  | { readonly terms: readonly (readonly [term: string, text: string])[] }
  | { readonly commands: readonly string[] };

export interface Topic {
  readonly name: string;
  readonly summary: string;
  readonly blocks: readonly Block[];
}

/** The help topics: the one source of `zkscope help TOPIC` and of the man page. */
export const topics: readonly Topic[] = [
  {
    name: 'capturing',
    summary: 'how to take a capture that shows what happened',
    blocks: [
      'Capture whole packets, on the servers or on the clients, and begin before the trouble does: what a session had watched and registered before the capture began is unknown, and unknown is never evidence.',
      {
        commands: [
          "tcpdump -i any -s 0 -w zk.pcap 'tcp port 2181'",
          "tcpdump -i any -s 0 -B 65536 -C 100 -W 24 -w zk.pcap 'tcp port 2181'",
          "tcpdump -i any -s 0 -G 600 -w zk-%Y%m%d-%H%M%S.pcap 'tcp port 2181'",
          "find . -name 'zk-*.pcap' -mmin +240 -delete",
          "ssh host tcpdump -i any -s 0 -U -w - 'tcp port 2181' | zkscope -",
        ],
      },
      'The second is a ring: it writes zk.pcap00 to zk.pcap23, each of 100 MB, and then over the oldest. The third begins a file every ten minutes and needs the fourth, from cron, to keep four hours (with -W it would not go round but end). Give all files to zkscope in any order, they are merged by time. Where tcpdump gives up root (Debian) it cannot begin the next file in a folder that is not its own: "Permission denied" calls for -Z root, or a folder of the user tcpdump. Where frames carry VLAN tags the filter sees only with "or (vlan and tcp port 2181)" what is in them.',
      'The servers talk among themselves on ports 2888 and 3888, etcd on 2379 and 2380: add them to the filter to see elections, synchronisation and leases. A server listening elsewhere is found by its handshakes; where those were not captured, name the port with --port.',
      'tcpdump says at its end how many packets the kernel dropped; a larger buffer (-B 65536) helps. What is missing from the capture is said as "Not seen" and never guessed. TLS hides the messages, but for --tls-keys: without keys only the TCP connections and the handshakes are seen.',
    ],
  },
  {
    name: 'record',
    summary: 'a flight recorder: decoded lines instead of captures',
    blocks: [
      'record writes every message as a decoded line, with what connections did between them: no payload and no credentials, a fifth to a third of the size of a capture. Every command reads these files in place of captures, one alone or all together.',
      {
        commands: [
          "tcpdump -i any -U -w - 'tcp port 2181' | zkscope record -o 'zk1-%Y%m%d-%H%M.ndjson.gz' --every 10m --keep 7d",
          'zkscope analyze zk1-20261120-2310.ndjson.gz zk1-20261120-2320.ndjson.gz',
        ],
      },
      'A new file begins at every full ten minutes of the capture, UTC, and with --size whenever one has grown so far. Its first lines say which connections and sessions go on. Lines are on the disk half a second after they came; a recorder that was killed goes on in the same file when it is started again with the same -o: what happened in between is unknown, and said to be. On a full disk lines are dropped and counted until there is room.',
    ],
  },
  {
    name: 'hosts',
    summary: 'captures of several hosts, whose clocks differ',
    blocks: [
      'A server sees its own clients only. Give the captures, or journals, of all servers to one command, each with the name of its host; journals of zkscope record name theirs themselves. Files of one host are one capture, whose frames run on. Frames are then named host:frame.',
      {
        commands: [
          'zkscope analyze zk1=one.pcap zk2=two.pcap zk3=three.pcap',
          'zkscope analyze --clock zk2=+12ms zk1=one.pcap zk2=two.pcap',
        ],
      },
      'How far the clocks are apart is found out by reading each host once before: no server can show a zxid before the write was asked for that made it, and a message that was captured at both ends was sent before it arrived. What follows from that for certain is said as a range; a clock that may be right as it is stays, another is corrected by the middle of its range. --clock says how far ahead a clock is, where you know it.',
      'One file may hold what several hosts captured, too. Lines of a journal name their hosts (SELECT of all hosts, or files put behind each other): each host is read as a file of its own. Interfaces of a pcapng are hosts only where that is said, since one host has several (mergecap -I none keeps them apart): then each is called by its name, those of one name in one section are numbered (eth0, eth0-2), and frames keep the numbers that they have in the file. Files without a name are of one host, unless they are said not to be.',
      {
        commands: [
          'zkscope analyze --hosts-by interface all.pcapng',
          'zkscope analyze --hosts-by file zk1.pcap zk2.pcap zk3.pcap',
        ],
      },
      'A stream (-) is read once. Lines of several hosts in it are told apart, and how far their clocks are apart is found out while they go by, said at the end and in captures[].hosts, and corrected by nobody: write it to a file for that.',
      'A finding whose evidence goes from host to host within less time than the clocks are known to agree is likely, not proven.',
    ],
  },
  {
    name: 'formats',
    summary: 'what captures can be read',
    blocks: [
      'pcap and pcapng, both byte orders, micro- and nanoseconds; plain, compressed with gzip or zstd; from files or, as -, from standard input while it is written. The format is found from the first bytes, never from the name. Several captures are merged by time.',
      'Ethernet with VLAN tags, Linux cooked v1 and v2 (tcpdump -i any), BSD loopback, raw IP; IPv4 and IPv6 with fragments; VXLAN, Geneve, GRE and IP in IP.',
      'A capture that is cut short is read up to its last whole record. Packets cut by a snap length are decoded as far as they go.',
    ],
  },
  {
    name: 'filters',
    summary: 'which messages, sessions and findings are looked at',
    blocks: [
      "The same filters work with every command over captures. Of several values of one filter one must fit, and all filters must: --op create,delete --path '/live/**' is every create and delete at or below /live.",
      {
        terms: [
          ['--client, --server', 'an address: ip, ip:port, or a network such as 10.77.0.0/24.'],
          ['--session', 'a session id, 0x… .'],
          [
            '--path',
            'a znode, /x/** for /x and all below it, or a pattern: * is any part of a name, ** any names. An answer has the path of its request; a multi those of all its operations.',
          ],
          [
            '--op, --kind, --error',
            "ZooKeeper's names of operations and errors, or patterns of them (get*); --error alone, behind the files, is any error.",
          ],
          ['--from, --to', 'a stretch of time: see zkscope help times.'],
          ['--frame', 'frames by number, A-B, as Wireshark counts them.'],
          [
            '--not-op, --not-client …',
            'the same, left out: --not-op ping, --not-path /zookeeper/** . Each of --client, --server, --session, --path, --op, --kind and --error has one.',
          ],
        ],
      },
      'Several values of one filter stand with commas between (paths: repeat the option). What no message of the capture is of is said on standard error, with what there is instead.',
      'decode prints the messages that pass. stats counts them; a filter on errors counts the requests that were answered so. sessions lists the sessions of which a message passes, and tells all of them. analyze looks at everything and shows the findings that concern what was asked for.',
    ],
  },
  {
    name: 'sharing',
    summary: 'captures that travel: smaller, with comments, without names',
    blocks: [
      'slice writes the connections of which something passes the filters, from their handshakes on, as one pcapng capture; without filters all that zkscope understands. --only leaves it at the frames of what passes. --finding and --incident, with the numbers of analyze, write what a finding needs to be found again: the connections of its evidence and of the sessions that it names; if these by themselves do not give it, those of the same clients, of the same time, or all.',
      'The first comment of each frame is its number in the original ("zkscope: frame 1234 of big.pcap"). Interfaces, link types, options and times are as they were; of TLS secrets in the capture those of the connections come along. The file is written whole or not at all, and never over a capture that is read.',
      'annotate writes one capture again, pcap or pcapng, as pcapng: each frame that a finding cites has a comment that says the finding, its rule, severity and incident, and which piece of evidence it is; the first piece says the finding in full. The verdict is the comment of the section. Packets, other comments, options and blocks stay. In Wireshark, frame.comment contains "zkscope" finds the frames.',
      'anonymize writes a capture in which nobody and nothing is named. Names of znodes and etcd keys become others of the same length and kind, the same in requests, lists, notifications, multis, transactions between servers and etcd; sequence numbers, UUID shapes, what recipes call their znodes (-latch-, __lock__ …) and /zookeeper stay recognisable. IP addresses keep which networks they share (Crypto-PAn), hardware addresses only whether they are a group. Data, credentials, session passwords, host names, SASL tokens, answers to four-letter words are replaced; TLS keeps its hellos without names, randoms, keys and certificates. What is not understood is zeros. Lengths, times, ports, session ids, zxids, versions and errors stay; checksums are right, comments and names of interfaces are gone. The same --key gives the same replacements; without it they cannot be made again.',
      {
        commands: [
          'zkscope anonymize zk.pcap -o shareable.pcapng',
          'zkscope annotate zk.pcap -o commented.pcapng',
          'zkscope slice big.pcap --finding 3 -o finding3.pcapng',
          "zkscope slice a.pcap b.pcap --path '/live/**' -o live.pcapng",
          'zkscope slice big.pcap --session 0x100003986b70000 -o - | tshark -r -',
        ],
      },
    ],
  },
  {
    name: 'times',
    summary: 'how to write moments and spans of time',
    blocks: [
      {
        terms: [
          ['2026-11-20T23:31:02.5Z', 'a moment; without a zone it is in that of --time.'],
          ['1795219862', 'seconds since 1970.'],
          ['23:31 or 23:31:02', 'the time of day that lies in the capture, also where it goes on over midnight.'],
          ['+90s, +5m, +1h', 'from the first frame of the capture on.'],
          ['500ms, 1s, 5m, 1h', 'a span, for --interval.'],
        ],
      },
      'Times are those of UTC, with as many digits as the capture has. --time local prints and takes those of $TZ or of this host, --time +08:00 or --time Asia/Shanghai others; JSON is always in UTC, and --fields and --csv then say the zone with each time.',
    ],
  },
  {
    name: 'stats',
    summary: 'what zkscope stats counts, and how',
    blocks: [
      'Messages are counted, not packets: a message in several packets, or several in one, count right, and retransmissions do not count twice. Latency is the time from the frame that completed the request to the frame that completed its answer, at the place of the capture. Percentiles are right to 1 %.',
      'An answer counts where its request does; a create under the path that was asked for; a notification as operation notification under its own path; pings count as every other request. An answer whose request was not captured has no operation and no latency. Bytes are those of the messages with their length prefix, without TCP/IP.',
      'A multi counts as one request of operation multi. Grouped by path it counts once under each different path among its operations, with the result of those operations and an equal share of its bytes, so that bytes add up but requests may come to more than the total. It is an error if one of its operations failed. setWatches, whose lists may be long, and what has no path (connect, ping, closeSession) have path "-".',
      'Grouped by error, requests count by how they were answered; "-" are those that were not. Clients are told apart by ip; together with --by connection also by port. At most 100,000 groups (each time bucket counts) are told apart; the rest is one row, (other).',
      {
        commands: [
          'zkscope stats --by path --depth 2 --sort p99 zk.pcap',
          'zkscope stats --by client,op --error NoNode zk.pcap',
          'zkscope stats --interval 1s zk.pcap',
          'zkscope stats --prometheus --by op,server zk.pcap',
        ],
      },
    ],
  },
  {
    name: 'diff',
    summary: 'how zkscope diff compares',
    blocks: [
      'Two captures, each of which may be several with commas between, or two stretches of time of the same: --at TIME, or --before TIME with --after TIME. Rates are compared, not counts, so that the lengths may differ.',
      'A change is told if a rate is 1.5 times as high (or as low) and more than four standard deviations of chance apart; if a latency is 1.5 times as high and half a millisecond apart (p50 of at least 20 answers a side, p99 of 100); if something is only on one side although the other was long enough to show it five times. Findings that are new come first, then what changed most.',
      'Findings of two captures are the same if rule, path, client host and server are; those of two times of one capture belong to the side on which they lie.',
      {
        commands: [
          'zkscope diff good.pcap bad.pcap',
          'zkscope diff --at 19:56 zk.pcap',
          'zkscope diff a1.pcap,a2.pcap b.pcap',
        ],
      },
    ],
  },
  {
    name: 'sessions',
    summary: 'what the columns of zkscope sessions mean',
    blocks: [
      {
        terms: [
          [
            'end',
            'closed: by closeSession. expired: a server said so. lost: gone without a word, and nobody took it up again in time. open: alive when the capture ended.',
          ],
          ['timeout', 'as granted; asked→granted where they differ.'],
          [
            'watches, ephemerals',
            'held and owned at its end, or at that of the capture, as far as the capture shows them.',
          ],
          [
            'pings every',
            'median time from ping to ping with no other request between, beside a third of the timeout, which is when a client should ping.',
          ],
          [
            'silence',
            'the longest time in which the servers heard nothing of it: up to the end of the capture if it is open, up to its expiry if it expired.',
          ],
          ['≤ before from', 'the session began before the capture.'],
        ],
      },
    ],
  },
  {
    name: 'json',
    summary: 'machine-readable output',
    blocks: [
      'Every command over captures has --json; zkscope schema NAME prints the JSON Schema (2020-12) of the output. Names and meanings are a promise: fields may be added, but are never renamed or given another meaning without a new schemaVersion.',
      'Numbers of 64 bits (zxids, session ids) are strings, "0x…" in lower case without leading zeros. Times are strings in UTC; durations are seconds, session timeouts milliseconds. A field that does not apply is absent; one that applies but is not known is null.',
      'Standard output holds only what was asked for, messages for people go to standard error.',
      {
        commands: [
          "zkscope decode --json zk.pcap | jq -r 'select(.error) | [.time, .client, .op, .error] | @tsv'",
          "zkscope analyze --json zk.pcap | jq '.findings[] | {rule, title, from}'",
        ],
      },
    ],
  },
  {
    name: 'query',
    summary: 'questions in SQL, and ten to begin with',
    blocks: [
      'zkscope query reads captures (or journals) into tables of an embedded DuckDB and answers a query over them. Its tables are messages, gaps, connections, sessions and findings, with the fields of the JSON outputs as columns: zkscope schema decode --sql duckdb lists them with what each means. Names that SQL has for itself, such as "end", "from" and "to", are quoted. What is nested is reached by a dot (stat.czxid), of lists by a number from 1 (evidence[1].frame). The common filters choose which messages and gaps become rows.',
      {
        commands: [
          'zkscope query "SELECT op, count(*) FROM messages GROUP BY op" zk.pcap',
          'zkscope query --csv "SELECT time, path FROM messages WHERE error IS NOT NULL" zk.pcap',
          "zkscope query -o slow.parquet 'SELECT * FROM messages WHERE latency > 1' zk.pcap",
          'zkscope query -o zk.parquet zk.pcap',
        ],
      },
      'The last writes all tables: zk-messages.parquet, zk-connections.parquet … for Spark, Trino, pandas or DuckDB itself. DuckDB comes with zkscope where npm installs optional packages.',
      { terms: recipes.map(([question, sql]) => [question, sql] as const) },
    ],
  },
  {
    name: 'rules',
    summary: 'what findings are, and how to choose and set rules',
    blocks: [
      'A rule looks for one kind of trouble. zkscope rules lists them, zkscope rules NAME tells what a rule means, what proves it, what looks like it but is not, and what to do.',
      {
        terms: [
          ['severity', 'error, warning, info: how bad it is.'],
          [
            'proven, likely, possible',
            'how sure it is. Proven: the messages that prove it are all in the capture. Likely and possible: a link is inferred.',
          ],
          ['--rule, --ignore, --severity', 'which findings are shown.'],
          ['--set rule.option=value', 'sets a threshold; zkscope rules NAME lists the options of a rule.'],
          ['--fail-on severity', 'exit with 1 if there is such a finding, for scripts.'],
        ],
      },
      'A finding names frames that can be looked up in Wireshark: its filter is frame.number == N. What the capture could not show is unknown, and unknown is never evidence; on healthy traffic there are no findings.',
    ],
  },
  {
    name: 'exit-status',
    summary: 'what the exit status says',
    blocks: [
      {
        terms: [
          ['0', 'the captures were read, whatever was found in them.'],
          ['1', 'with --fail-on SEVERITY: there is a finding of that severity or above.'],
          ['2', 'wrong usage, a capture that could not be read at all, or output that could not be written.'],
          ['130, 143', 'ended by Ctrl-C (SIGINT) or SIGTERM before the end of the captures: what was read was shown.'],
        ],
      },
      'A closed pipe (zkscope … | head) ends the program quietly. Ctrl-C ends the reading; what was read is still summed up, a second one ends the program.',
    ],
  },
  {
    name: 'configuration',
    summary: 'options that a team always sets',
    blocks: [
      'The nearest .zkscope.json, in this folder or one above it, sets options of all commands that have them, where the command line does not: color, time, port, tlsKeys, ignore, severity, set, failOn, wide. zkscope schema config prints its JSON Schema.',
      {
        commands: ['{ "time": "local", "port": ["20022=zab"], "set": { "slow-request.latency": 2 } }'],
      },
      'Filters and files to write are not for it: nobody should be shown less, or written over, because of a file that lies about.',
    ],
  },
  {
    name: 'environment',
    summary: 'environment variables',
    blocks: [
      {
        terms: [
          ['NO_COLOR', 'if not empty: no colours. There are none in a pipe either.'],
          ['FORCE_COLOR', 'colours even in a pipe: 1, 2 or 3 for 16, 256 or 16 million.'],
          ['COLUMNS', 'width of the output where it is no terminal; 80 otherwise, and for tables any.'],
          ['TZ', 'the zone of --time local.'],
          ['ZKSCOPE_CONFIG', 'the configuration file in place of the nearest .zkscope.json; empty for none.'],
          [
            'ZKSCOPE_TLS_KEYS',
            'key logs that TLS is decrypted with, separated as in PATH, beside those of --tls-keys.',
          ],
          ['ZKSCOPE_DEBUG', 'if set: internal errors come with a stack trace.'],
        ],
      },
    ],
  },
  {
    name: 'completion',
    summary: 'completion for bash, zsh and fish',
    blocks: [
      'Put one of these into the start-up file of your shell:',
      {
        commands: [
          'source <(zkscope completion bash)',
          'source <(zkscope completion zsh)',
          'zkscope completion fish | source',
        ],
      },
      'Commands, options, operations, errors, rules and files are completed. The zsh script can also be saved as _zkscope in a folder of $fpath.',
    ],
  },
];

export const topicNames: readonly string[] = topics.map(({ name }) => name);
