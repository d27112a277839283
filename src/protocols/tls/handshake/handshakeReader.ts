import { ByteCollector } from '../../byteCollector.js';

/**
 * Bytes of one handshake message that are kept: a chain of certificates with long names may have some ten thousand.
 * @bound bytes
 */
const MAX_HANDSHAKE = 65536;
const HEADER_LENGTH = 4;
const MAX_RECORD = 16384;

/** Puts handshake messages (type, length 3, body) together: they may span records and share them. */
export class HandshakeReader {
  private readonly held = new ByteCollector(MAX_HANDSHAKE + HEADER_LENGTH + MAX_RECORD);

  /** @param message a message with its header of 4 bytes, valid during the call */
  constructor(private readonly message: (type: number, message: Buffer) => void) {}

  /** Messages before a hole do not go on behind it. */
  clear(): void {
    this.held.clear();
  }

  text(text: Buffer): void {
    const { held } = this;
    let bytes = text;
    if (held.length > 0) {
      held.add(text, 0, text.length);
      bytes = held.view();
    }
    let at = 0;
    while (bytes.length - at >= HEADER_LENGTH) {
      const length = bytes.readUIntBE(at + 1, 3);
      if (length > MAX_HANDSHAKE) {
        held.clear();
        return;
      }
      const next = at + HEADER_LENGTH + length;
      if (next > bytes.length) break;
      this.message(bytes[at]!, bytes.subarray(at, next));
      at = next;
    }
    if (bytes === text) {
      if (at < text.length) held.add(text, at, text.length);
    } else if (at === held.length) held.clear();
    else if (at > 0) held.dropFirst(at);
  }
}
