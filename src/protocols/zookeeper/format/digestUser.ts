const SCHEME = 'digest';
/**
 * Longer ones are shortened: nobody needs more to know whose credentials they are.
 * @bound bytes
 */
const LONGEST_USER = 128;
const COLON = 0x3a;

/**
 * The user of an AuthPacket (int type, ustring scheme, buffer auth) with the scheme `digest`, whose credentials are
 * `user:password`: what stands before the first colon and nothing else. Null for other schemes, and where no colon was
 * captured: then what there is may be the password. Bytes from `start` to before `end`; lengths are not believed.
 */
export function digestUser(bytes: Buffer, start: number, end: number): string | null {
  const scheme = start + 8;
  const length = scheme + SCHEME.length;
  const user = length + 4;
  if (user > end || bytes.readInt32BE(start + 4) !== SCHEME.length) return null;
  if (bytes.toString('latin1', scheme, length) !== SCHEME) return null;
  const last = Math.min(user + Math.max(bytes.readInt32BE(length), 0), end);
  const colon = bytes.subarray(user, last).indexOf(COLON);
  if (colon < 0) return null;
  if (colon <= LONGEST_USER) return bytes.toString('utf8', user, user + colon);
  return `${bytes.toString('utf8', user, user + LONGEST_USER).replace(/\uFFFD$/, '')}…`;
}
