/**
 * What a line of a key log gives, as NSS defined it (SSLKEYLOGFILE): label, what it belongs to, secret, the latter two in
 * hexadecimal digits. Secrets of TLS 1.3 and the master secret of older versions belong to the random of the ClientHello;
 * `RSA` is a premaster secret that belongs to the first 8 bytes of its own encrypted form.
 */
export const SECRET_LABELS = [
  'CLIENT_RANDOM',
  'PMS_CLIENT_RANDOM',
  'RSA',
  'CLIENT_EARLY_TRAFFIC_SECRET',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
] as const;

export type SecretLabel = (typeof SECRET_LABELS)[number];

export interface KeyLine {
  readonly label: SecretLabel;
  /** Random of the client, or first bytes of the encrypted premaster secret, as latin1 characters. */
  readonly owner: string;
  readonly secret: string;
}

/** Longer lines hold no key: the longest label, a random and a secret of 64 bytes have less than 300 characters. */
export const LONGEST_LINE = 512;

const RANDOM_DIGITS = 64;
const RSA_DIGITS = 16;
const MASTER_DIGITS = 96;
const TRAFFIC_DIGITS: readonly number[] = [64, 96, 128];
const HEX = /^[0-9a-f]+$/i;

/**
 * Reads a line of a key log, without its line end. Null for all that gives no key that is used here: comments, labels of
 * other secrets (exporters), labels nobody knows, lines that are broken.
 */
export function readKeyLine(line: string): KeyLine | null {
  const [label, owner, secret, rest] = line.trim().split(/\s+/, 4);
  if (owner === undefined || secret === undefined || rest !== undefined) return null;
  const known = SECRET_LABELS.find((candidate) => candidate === label!.toUpperCase());
  if (known === undefined || !HEX.test(owner) || !HEX.test(secret)) return null;
  if (owner.length !== (known === 'RSA' ? RSA_DIGITS : RANDOM_DIGITS)) return null;
  if (!fits(known, secret.length)) return null;
  return {
    label: known,
    owner: Buffer.from(owner, 'hex').toString('latin1'),
    secret: Buffer.from(secret, 'hex').toString('latin1'),
  };
}

function fits(label: SecretLabel, digits: number): boolean {
  switch (label) {
    case 'CLIENT_RANDOM':
    case 'RSA':
      return digits === MASTER_DIGITS;
    case 'PMS_CLIENT_RANDOM':
      return digits >= 2 && digits % 2 === 0;
    default:
      return TRAFFIC_DIGITS.includes(digits);
  }
}
