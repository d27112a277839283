import { X509Certificate } from 'node:crypto';
import { TLS_1_3 } from '../names.js';
import { VectorCursor } from './vectors.js';

/** What is read of a certificate. Text of the capture: escape it before it is shown. */
export interface Certificate {
  readonly subject: string;
  readonly issuer: string;
  /** Seconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** `RSA`, `EC` …; null where the key is of no known kind. */
  readonly key: string | null;
}

/**
 * A chain is rarely longer than 4.
 * @bound certificates
 */
const MAX_CERTIFICATES = 10;
const MAX_NAME = 500;

/**
 * Reads the body of a Certificate message: certificates <3>, each <3>; in TLS 1.3 a context <1> before them and extensions
 * <2> behind each. What is no certificate is left out.
 */
export function readCertificates(version: number, bytes: Buffer, start: number, end: number): Certificate[] {
  const cursor = new VectorCursor(bytes, start, end);
  if (version === TLS_1_3) cursor.vector(1);
  const list = cursor.vector(3);
  const found: Certificate[] = [];
  while (list.more && found.length < MAX_CERTIFICATES) {
    const certificate = list.vector(3).rest();
    if (version === TLS_1_3) list.vector(2);
    if (!list.ok) break;
    const read = readCertificate(certificate);
    if (read !== null) found.push(read);
  }
  return found;
}

function readCertificate(der: Buffer): Certificate | null {
  try {
    const certificate = new X509Certificate(der);
    const notBefore = Date.parse(certificate.validFrom);
    const notAfter = Date.parse(certificate.validTo);
    if (Number.isNaN(notBefore) || Number.isNaN(notAfter)) return null;
    return {
      subject: distinguishedName(certificate.subject),
      issuer: distinguishedName(certificate.issuer),
      notBefore: notBefore / 1000,
      notAfter: notAfter / 1000,
      key: keyKind(certificate),
    };
  } catch {
    // Not a certificate, or one that OpenSSL cannot read.
    return null;
  }
}

/** OpenSSL gives a line an attribute, the most general first; RFC 4514 writes them the other way round. */
function distinguishedName(lines: string): string {
  return lines.split('\n').reverse().join(',').slice(0, MAX_NAME);
}

function keyKind(certificate: X509Certificate): string | null {
  try {
    return certificate.publicKey.asymmetricKeyType?.toUpperCase() ?? null;
  } catch {
    return null;
  }
}
