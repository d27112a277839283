/** zstd frames built by hand (RFC 8878), without compression: enough to test how they are taken apart. */

/** A raw block, or one byte repeated. */
export type ZstdContent = Buffer | { readonly byte: number; readonly count: number };

const WINDOW_1_MIB = 0x50;

export function zstdFrame(blocks: readonly ZstdContent[]): Buffer {
  const parts: Buffer[] = [Buffer.from('28b52ffd', 'hex'), Buffer.of(0, WINDOW_1_MIB)];
  const all = blocks.length === 0 ? [Buffer.alloc(0)] : blocks;
  all.forEach((block, i) => {
    const last = i === all.length - 1 ? 1 : 0;
    const header = Buffer.alloc(3);
    if (Buffer.isBuffer(block)) {
      header.writeUIntLE((block.length << 3) | last, 0, 3);
      parts.push(header, block);
    } else {
      header.writeUIntLE((block.count << 3) | (1 << 1) | last, 0, 3);
      parts.push(header, Buffer.of(block.byte));
    }
  });
  return Buffer.concat(parts);
}

export function zstdSkippable(content: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(0x184d2a53, 0);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, content]);
}
