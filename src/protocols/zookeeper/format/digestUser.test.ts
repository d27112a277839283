import { describe, expect, it } from 'vitest';
import { authRequest } from '../../../testing/zookeeperBytes.js';
import { digestUser } from './digestUser.js';

/** Length prefix, xid and opcode come before the record. */
const BODY = 12;

function userOf(scheme: string, auth: string, cut = 0): string | null {
  const bytes = authRequest(scheme, auth);
  return digestUser(bytes, BODY, bytes.length - cut);
}

describe('the user of digest credentials', () => {
  it('is what stands before the first colon', () => {
    expect(userOf('digest', 'alice:secret')).toBe('alice');
    expect(userOf('digest', 'alice:se:cret')).toBe('alice');
    expect(userOf('digest', ':secret')).toBe('');
    expect(userOf('digest', 'zoë:secret')).toBe('zoë');
  });

  it('is nothing where no colon was captured, or the scheme is another one', () => {
    expect(userOf('digest', 'secret')).toBeNull();
    expect(userOf('digest', 'alice:secret', 7)).toBeNull();
    expect(userOf('ip', 'alice:secret')).toBeNull();
    expect(userOf('world', '')).toBeNull();
  });

  it('is bounded, and lengths that are not true do no harm', () => {
    expect(userOf('digest', `${'a'.repeat(5000)}:secret`)).toBe(`${'a'.repeat(128)}…`);
    const bytes = authRequest('digest', 'alice:secret');
    for (let end = BODY; end < bytes.length; end++) expect(digestUser(bytes, BODY, end) ?? 'alice').toBe('alice');
    for (const length of [-1, -0x80000000, 0x7fffffff, 0]) {
      const wrong = Buffer.from(bytes);
      wrong.writeInt32BE(length, BODY + 14);
      expect(digestUser(wrong, BODY, wrong.length) ?? 'alice').toBe('alice');
      wrong.writeInt32BE(length, BODY + 4);
      expect(digestUser(wrong, BODY, wrong.length)).toBeNull();
    }
  });
});
