/** What is known of one input, growing as it is read; the source of `captures[]` in the output. */
export interface CaptureInfo {
  /** Path as it was given; `-` for standard input. */
  readonly file: string;
  /** `pcap`, `pcapng` or `ndjson` (decoded lines), with `.gz` or `.zst` appended if compressed; null until the first bytes were read. */
  format: string | null;
  /** LINKTYPE_ names (`EN10MB`, `LINUX_SLL2` …) in order of appearance. */
  readonly linkTypes: string[];
  /** Frames handed on so far. */
  packets: number;
  /** Bytes read of the input as it is stored, so compressed bytes where it is compressed. */
  bytes: number;
  /** Smallest and largest time of its frames, in nanoseconds since the base of the Clock; null without frames. */
  readonly from: number | null;
  readonly to: number | null;
  /** Number of its first frame in the running count; null without frames. */
  firstFrame: number | null;
  /** The file ends, or becomes unreadable, in the middle of a record. */
  truncated: boolean;
  /** The reading was ended before the end of the input. */
  interrupted: boolean;
  /** What is wrong with it, one line each, with byte offset and frame number. */
  readonly problems: string[];
}
