import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

/**
 * A folder for the tests of the file (or the `describe`) that calls it, gone when they are over; with `each`, a new one for
 * each test. Gives the path of a name in it, or its own.
 */
export function temporaryFolder(each?: 'each'): (name?: string) => string {
  let folder = '';
  const [before, after] = each === 'each' ? [beforeEach, afterEach] : [beforeAll, afterAll];
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkscope-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  return (name) => (name === undefined ? folder : join(folder, name));
}
