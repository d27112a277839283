/**
 * What the program asks of node:crypto's X509Certificate, out of the certificate's DER (X.690; RFC 5280): names as OpenSSL
 * prints them, one attribute a line, and when it holds. Throws where the bytes are no certificate.
 */
export class X509Certificate {
  readonly subject: string;
  readonly issuer: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly publicKey: { readonly asymmetricKeyType?: string };

  constructor(der: Uint8Array) {
    const [tbs] = children(element(der, 0), SEQUENCE);
    const fields = children(tbs, SEQUENCE);
    // [0] version, which the first version leaves out; then serial number, signature, issuer, validity, subject, key.
    const at = fields[0]?.tag === VERSION ? 1 : 0;
    const [, , issuer, validity, subject, key] = fields.slice(at);
    this.issuer = nameOf(issuer);
    this.subject = nameOf(subject);
    const [from, to] = children(validity, SEQUENCE);
    this.validFrom = timeOf(from);
    this.validTo = timeOf(to);
    const [algorithm] = children(key, SEQUENCE);
    const [kind] = children(algorithm, SEQUENCE);
    const type = KEYS[oidOf(kind)];
    this.publicKey = type === undefined ? {} : { asymmetricKeyType: type };
  }
}

const OID = 0x06;
const SEQUENCE = 0x30;
const SET = 0x31;
const VERSION = 0xa0;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const BMP_STRING = 0x1e;
const UTF8_STRING = 0x0c;

const KEYS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.10': 'rsa-pss',
  '1.2.840.10040.4.1': 'dsa',
  '1.2.840.10045.2.1': 'ec',
  '1.3.101.110': 'x25519',
  '1.3.101.112': 'ed25519',
  '1.3.101.113': 'ed448',
};

/** OpenSSL's short names; of others it prints the number. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.42': 'GN',
  '2.5.4.46': 'dnQualifier',
  '2.5.4.65': 'pseudonym',
  '2.5.4.97': 'organizationIdentifier',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

interface Element {
  readonly tag: number;
  readonly bytes: Uint8Array;
  /** Where the next one begins. */
  readonly end: number;
}

function element(der: Uint8Array, at: number): Element {
  const tag = der[at];
  let length = der[at + 1];
  if (tag === undefined || length === undefined) throw new Error('no certificate');
  let start = at + 2;
  if (length > 0x80) {
    const count = length - 0x80;
    if (count > 4) throw new Error('no certificate');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (der[start++] ?? 0);
  } else if (length === 0x80) throw new Error('no certificate');
  if (start + length > der.length) throw new Error('no certificate');
  return { tag, bytes: der.subarray(start, start + length), end: start + length };
}

function children(parent: Element | undefined, tag: number): Element[] {
  if (parent?.tag !== tag) throw new Error('no certificate');
  const found: Element[] = [];
  for (let at = 0; at < parent.bytes.length;) {
    const child = element(parent.bytes, at);
    found.push(child);
    at = child.end;
  }
  return found;
}

function oidOf(part: Element | undefined): string {
  if (part?.tag !== OID) throw new Error('no certificate');
  const numbers: number[] = [];
  let value = 0;
  for (const byte of part.bytes) {
    value = value * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    if (numbers.length === 0) {
      const first = Math.min(2, Math.floor(value / 40));
      numbers.push(first, value - 40 * first);
    } else numbers.push(value);
    value = 0;
  }
  return numbers.join('.');
}

function nameOf(name: Element | undefined): string {
  return children(name, SEQUENCE)
    .map((set) => children(set, SET).map(attribute).join(' + '))
    .join('\n');
}

function attribute(pair: Element): string {
  const [type, value] = children(pair, SEQUENCE);
  const id = oidOf(type);
  if (value === undefined) throw new Error('no certificate');
  return `${ATTRIBUTES[id] ?? id}=${escaped(textOf(value))}`;
}

function textOf({ tag, bytes }: Element): string {
  if (tag === UTF8_STRING) return Buffer.from(bytes).toString('utf8');
  if (tag !== BMP_STRING) return Buffer.from(bytes).toString('latin1');
  return new TextDecoder('utf-16be').decode(bytes);
}

/** As RFC 2253 wants it, and control characters as numbers. */
function escaped(text: string): string {
  const marked = text
    .replace(/[,+"\\<>;]/g, (character) => `\\${character}`)
    .replace(/^[# ]/, (character) => `\\${character}`)
    .replace(/ $/, '\\ ');
  return Array.from(marked, (character) =>
    isControl(character) ? `\\${hex(character.charCodeAt(0))}` : character,
  ).join('');
}

const isControl = (character: string): boolean => character < ' ' || character === '\u007f';
const hex = (value: number): string => value.toString(16).padStart(2, '0').toUpperCase();

/** As text that Date.parse reads. */
function timeOf(part: Element | undefined): string {
  const text = part === undefined ? '' : Buffer.from(part.bytes).toString('latin1');
  const whole = part?.tag === UTC_TIME ? `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}` : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(whole);
  if ((part?.tag !== UTC_TIME && part?.tag !== GENERALIZED_TIME) || match === null) throw new Error('no certificate');
  const [, year, month, day, hour, minute, second] = match;
  return `${year!}-${month!}-${day!}T${hour!}:${minute!}:${second!}Z`;
}
