/** Option codes of pcapng (draft-ietf-opsawg-pcapng). */
export const OptionCode = {
  END: 0,
  COMMENT: 1,
  /** Of a section header: the program that wrote it. */
  USER_APPLICATION: 4,
  /** Of an interface. */
  IF_NAME: 2,
  IF_DESCRIPTION: 3,
  IF_TSRESOL: 9,
  IF_TSOFFSET: 14,
  /** Of a packet: 64 bits, packets lost between it and the one before. */
  EPB_DROPCOUNT: 4,
} as const;

/** An option of a block. Numbers in `value` are little-endian. */
export interface BlockOption {
  readonly code: number;
  readonly value: Buffer;
}

/** Bytes of numbers among the options of an interface and of a packet; all others are strings of bytes. */
export const INTERFACE_NUMBERS: ReadonlyMap<number, number> = new Map([
  [8, 8], // if_speed
  [10, 4], // if_tzone
  [OptionCode.IF_TSOFFSET, 8],
  [16, 8], // if_txspeed
  [17, 8], // if_rxspeed
]);
export const PACKET_NUMBERS: ReadonlyMap<number, number> = new Map([
  [2, 4], // epb_flags
  [OptionCode.EPB_DROPCOUNT, 8],
  [5, 8], // epb_packetid
  [6, 4], // epb_queue
]);
/** Custom options begin with the number of the enterprise that they are of. */
const CUSTOM: readonly number[] = [2988, 2989, 19372, 19373];

/** What `comment` says, as an option. */
export function comment(text: string): BlockOption {
  return { code: OptionCode.COMMENT, value: Buffer.from(text) };
}

/**
 * Calls `take` for each option in `bytes` from `start` to before `end`, until the end of options. Gives the offset of an
 * option that is longer than its block, -1 where there is none.
 */
export function eachOption(
  bytes: Buffer,
  start: number,
  end: number,
  bigEndian: boolean,
  take: (code: number, at: number, size: number) => void,
): number {
  let option = start;
  while (end - option >= 4) {
    const code = bigEndian ? bytes.readUInt16BE(option) : bytes.readUInt16LE(option);
    const size = bigEndian ? bytes.readUInt16BE(option + 2) : bytes.readUInt16LE(option + 2);
    const value = option + 4;
    if (code === OptionCode.END) break;
    if (size > end - value) return option;
    take(code, value, size);
    option = value + ((size + 3) & ~3);
  }
  return -1;
}

/** Options of a block of either byte order, copied; one that is longer than its block ends them. */
export function blockOptions(
  bytes: Buffer,
  start: number,
  end: number,
  bigEndian: boolean,
  numbers: ReadonlyMap<number, number>,
): BlockOption[] {
  const options: BlockOption[] = [];
  eachOption(bytes, start, end, bigEndian, (code, at, size) => {
    const value = Buffer.from(bytes.subarray(at, at + size));
    if (bigEndian) {
      if (numbers.get(code) === size) value.reverse();
      else if (CUSTOM.includes(code) && size >= 4) value.subarray(0, 4).reverse();
    }
    options.push({ code, value });
  });
  return options;
}
