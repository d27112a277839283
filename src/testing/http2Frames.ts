/** Builds HTTP/2 frames (RFC 9113) and gRPC messages, byte by byte, for tests. */
export function http2Frame(type: number, flags: number, id: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload.replaceAll(' ', ''), 'hex') : payload;
  const header = Buffer.alloc(9);
  header.writeUIntBE(body.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, body]);
}

/** A header block without Huffman coding and without a table: each field as a literal. */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, value] of Object.entries(fields)) {
    for (const text of [name, value]) if (text.length > 126) throw new Error('longer than one byte of length');
    parts.push(Buffer.from([0, name.length]), Buffer.from(name, 'latin1'));
    parts.push(Buffer.from([value.length]), Buffer.from(value, 'latin1'));
  }
  return Buffer.concat(parts);
}

/** A gRPC message with its prefix; `body` is hex. */
export function grpcMessage(body: string, compressed = false): Buffer {
  const bytes = Buffer.from(body.replaceAll(' ', ''), 'hex');
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed ? 1 : 0;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}
