/** What the line above a dump says about its packet. Everything in it is text of the paste: escape it before it is shown. */
export interface PacketHeader {
  /** As printed, perhaps masked (`xxxx`). */
  readonly sourceHost: string;
  readonly destinationHost: string;
  /** null where masked or a service name that is not known here. */
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** First sequence number, absolute or relative as printed, and payload length; null where the line has none. */
  readonly sequence: number | null;
  readonly length: number | null;
}

// tcpdump: `23:02:02.717505 IP 10.0.0.1.2181 > 10.0.0.2.51970: Flags [P.], seq 1:62, ack 5, win 57, length 61`
const TCPDUMP = /(?:^|\s)(\S{1,255})\.([\w-]{1,32}) > (\S{1,255})\.([\w-]{1,32}): /;
const TCPDUMP_SEQUENCE = /\bseq (\d{1,10})/;
const TCPDUMP_LENGTH = /\blength (\d{1,7})(?!.*\blength \d)/;
// tshark: `  4   0.008206   10.77.0.22 → 10.77.0.13   TCP 115 49124 → 2181 [PSH, ACK] Seq=1 Ack=1 Win=64512 Len=49`
const TSHARK = /(?:^|\s)(\S{1,255}) (?:→|->) (\S{1,255})\s+TCP\s.*?(\d{1,5}) (?:→|->) (\d{1,5}) \[/;
// The same packet with all fields printed: `Transmission Control Protocol, Src Port: 49124, Dst Port: 2181, Seq: 1, … Len: 49`
const DETAILS = /Transmission Control Protocol, Src Port: (\d{1,5}), Dst Port: (\d{1,5})/;
const TSHARK_SEQUENCE = /\bSeq(?:=|: )(\d{1,10})/;
const TSHARK_LENGTH = /\bLen(?:=|: )(\d{1,7})/;

/** Services under which tcpdump without `-n` prints ZooKeeper's port (IANA gave 2181 to another protocol). */
const SERVICES = new Map([['eforward', 2181]]);
/** Longest line in which a header is looked for. */
const LONGEST = 600;

function port(text: string): number | null {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  return SERVICES.get(text) ?? null;
}

function number(pattern: RegExp, line: string): number | null {
  const found = pattern.exec(line)?.[1];
  return found === undefined ? null : Number(found);
}

/** Reads a line that tcpdump or tshark prints above a packet's bytes; null for any other line. */
export function parsePacketHeader(line: string): PacketHeader | null {
  if (line.length > LONGEST) return null;
  const tcpdump = TCPDUMP.exec(line);
  if (tcpdump !== null) {
    return {
      sourceHost: tcpdump[1]!,
      sourcePort: port(tcpdump[2]!),
      destinationHost: tcpdump[3]!,
      destinationPort: port(tcpdump[4]!),
      sequence: number(TCPDUMP_SEQUENCE, line),
      length: number(TCPDUMP_LENGTH, line),
    };
  }
  const tshark = TSHARK.exec(line) ?? detailed(line);
  if (tshark === null) return null;
  return {
    sourceHost: tshark[1]!,
    destinationHost: tshark[2]!,
    sourcePort: port(tshark[3]!),
    destinationPort: port(tshark[4]!),
    sequence: number(TSHARK_SEQUENCE, line),
    length: number(TSHARK_LENGTH, line),
  };
}

function detailed(line: string): readonly string[] | null {
  const found = DETAILS.exec(line);
  return found === null ? null : ['', '', '', found[1]!, found[2]!];
}
