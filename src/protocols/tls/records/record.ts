/** Where a record stands, and in which frames it came. */
export interface RecordPlace {
  readonly firstFrame: number;
  readonly firstTime: number;
  readonly frame: number;
  readonly time: number;
  /** Position behind it in the TCP stream of its direction. */
  readonly streamEnd: number;
}

/** What one direction's records are given to. Bytes are valid during the call; `start` is at the header of 5 bytes. */
export interface RecordHandler {
  /** Is this record's content wanted? Otherwise only `passed` is called for it. */
  wants(type: number): boolean;
  record(bytes: Buffer, start: number, end: number, place: RecordPlace): void;
  passed(type: number, length: number, place: RecordPlace): void;
  /** Some bytes of a record are missing; the next record's place is known. `length` is what its header counts. */
  damaged(type: number, length: number, place: RecordPlace): void;
  /** `bytes` of the stream could not be divided into records: lost, or passed over in search of the next record. */
  astray(bytes: number, place: RecordPlace): void;
  /** Is there anything by which a record could be known? Otherwise the search holds nothing. */
  readonly canProve: boolean;
  /**
   * After a loss: does this seem to be a record, with all that is known by now? Only then is it given as one. `lost`
   * is the number of bytes since the last record.
   */
  proves(bytes: Buffer, start: number, end: number, lost: number): boolean;
}

export const RECORD_HEADER = 5;
/** Longest record there is: 2^14 bytes of text, and what encryption may add in TLS 1.2 (RFC 5246, 6.2.3). */
export const MAX_RECORD = 16384 + 2048;

/** Is this the header of a TLS record (type, version, length; 5 bytes)? */
export function isRecordHeader(bytes: Buffer, at: number): boolean {
  const type = bytes[at]!;
  const length = bytes.readUInt16BE(at + 3);
  return type >= 20 && type <= 23 && bytes[at + 1] === 3 && bytes[at + 2]! <= 4 && length > 0 && length <= MAX_RECORD;
}
