import type { Maps } from './juteRewriter.js';

/** DER (ITU-T X.690): what is made of others has this bit in its tag. */
const CONSTRUCTED = 0x20;
const BOOLEAN = 0x01;
const NULL = 0x05;
const OBJECT_IDENTIFIER = 0x06;
/** UTF8String, PrintableString, T61String, IA5String. */
const STRINGS: readonly number[] = [0x0c, 0x13, 0x14, 0x16];
/** UTCTime, GeneralizedTime. */
const TIMES: readonly number[] = [0x17, 0x18];
const TIME = /^\d{12,14}Z$/;
const LENGTH_SIZE = 3;
const DEEPEST = 24;

/**
 * The body of a Certificate message up to TLS 1.2: certificates keep their structure, what kinds of things they name, and
 * from when to when they are valid. Names become others; serial numbers, keys, extensions and signatures zeros.
 */
export function rewriteCertificates(body: Buffer, out: Buffer, maps: Maps): void {
  if (body.length < LENGTH_SIZE) return;
  body.copy(out, 0, 0, LENGTH_SIZE);
  for (let at = LENGTH_SIZE; at + LENGTH_SIZE <= body.length;) {
    const length = body.readUIntBE(at, LENGTH_SIZE);
    body.copy(out, at, at, at + LENGTH_SIZE);
    at += LENGTH_SIZE;
    if (length > body.length - at) return;
    element(body, out, at, at + length, maps, 0);
    at += length;
  }
}

/** Elements from `at` to before `end`. */
function element(bytes: Buffer, out: Buffer, at: number, end: number, maps: Maps, depth: number): void {
  while (at + 2 <= end) {
    const tag = bytes[at]!;
    const first = bytes[at + 1]!;
    const size = first < 0x80 ? 0 : first & 0x7f;
    // Tags of several bytes, and lengths of none or many, do not stand in certificates.
    if ((tag & 0x1f) === 0x1f || first === 0x80 || size > 4 || at + 2 + size > end) return;
    const length = size === 0 ? first : bytes.readUIntBE(at + 2, size);
    const start = at + 2 + size;
    if (length > end - start) return;
    bytes.copy(out, at, at, start);
    const content = Buffer.from(bytes.subarray(start, start + length));
    if ((tag & CONSTRUCTED) !== 0) {
      if (depth < DEEPEST) element(bytes, out, start, start + length, maps, depth + 1);
    } else if (STRINGS.includes(tag)) maps.contents.text(content).copy(out, start);
    else if (tag === OBJECT_IDENTIFIER && length <= 16) content.copy(out, start);
    else if (TIMES.includes(tag) && TIME.test(content.toString('latin1'))) content.copy(out, start);
    else if ((tag === BOOLEAN && length === 1) || tag === NULL) content.copy(out, start);
    at = start + length;
  }
}
