import { createHash, createHmac } from 'node:crypto';

const BLOCK = 32;

/**
 * What everything is replaced with hangs on: the same key gives the same replacements, and without it nobody can try
 * whether a guess was right.
 */
export class AnonymizingKey {
  private readonly secret: Buffer;

  /** @param text as the user gave it, of any length */
  constructor(text: string) {
    this.secret = createHash('sha256').update('zkscope anonymize\0').update(text).digest();
  }

  /** As many bytes as wanted that follow from the key, from what they are for, and from `input`. */
  bytes(purpose: string, input: Buffer | string, length: number): Buffer {
    const first = this.block(purpose, input, 0);
    if (length <= BLOCK) return first.subarray(0, length);
    const blocks = [first];
    for (let i = 1; i * BLOCK < length; i++) blocks.push(this.block(purpose, first, i));
    return Buffer.concat(blocks).subarray(0, length);
  }

  private block(purpose: string, input: Buffer | string, number: number): Buffer {
    return createHmac('sha256', this.secret).update(`${purpose}\0${number}\0`).update(input).digest();
  }
}
