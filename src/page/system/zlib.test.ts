import zlib, { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { ByteSource } from '../../capture/byteSource.js';
import { decompress } from '../../capture/decompress.js';
import { Random } from '../../testing/random.js';
import pageZlib from './zlib.js';

/**
 * What the page's gunzip gives of whole files, and what it says of damage, is what node:zlib gives and says. Of damaged files
 * it gives all that stands before the damage, of which node:zlib keeps some to itself.
 */

class Pieces implements ByteSource {
  bytesRead = 0;
  readonly failure = null;

  constructor(
    private readonly bytes: Buffer,
    private readonly step: number,
  ) {}

  read(): Promise<Buffer | null> {
    const piece = this.bytes.subarray(this.bytesRead, this.bytesRead + this.step);
    this.bytesRead += piece.length;
    return Promise.resolve(piece.length === 0 ? null : Buffer.from(piece));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function all(source: ByteSource): Promise<{ bytes: Buffer; failure: string | null }> {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = await source.read();
    if (chunk === null) break;
    chunks.push(Buffer.from(chunk));
  }
  await source.close();
  return { bytes: Buffer.concat(chunks), failure: source.failure };
}

type Result = Awaited<ReturnType<typeof all>>;

async function both(bytes: Buffer, step: number): Promise<[Result, Result]> {
  const node = await all(decompress(new Pieces(bytes, step), 'gzip'));
  const spy = vi
    .spyOn(zlib, 'createGunzip')
    .mockImplementation(() => pageZlib.createGunzip() as unknown as zlib.Gunzip);
  const page = await all(decompress(new Pieces(bytes, step), 'gzip'));
  spy.mockRestore();
  return [page, node];
}

function agree(page: Result, node: Result, about: unknown = ''): void {
  expect([about, page.failure]).toEqual([about, node.failure]);
  const common = node.failure === null ? page.bytes : page.bytes.subarray(0, node.bytes.length);
  expect([about, common.equals(node.bytes)]).toEqual([about, true]);
}

const random = new Random(1);
const text = Buffer.from(Array.from({ length: 30_000 }, () => random.below(30)));
const one = gzipSync(text);
const several = Buffer.concat([one, gzipSync(Buffer.from('second')), gzipSync(Buffer.alloc(0)), gzipSync(text)]);

describe('gunzip of the page', () => {
  it.each([
    ['one member', one],
    ['several members', several],
    ['zeros behind it', Buffer.concat([one, Buffer.alloc(600)])],
    ['other bytes behind it', Buffer.concat([one, Buffer.from('no gzip')])],
    ['half a header behind it', Buffer.concat([one, one.subarray(0, 5)])],
    ['what is no gzip', deflateSync(text)],
    ['a wrong check sum', Buffer.concat([one.subarray(0, -8), Buffer.alloc(4), one.subarray(-4)])],
  ])('agrees on %s', async (_, bytes) => {
    for (const step of [1000, 64 * 1024, 7]) {
      const [page, node] = await both(bytes, step);
      agree(page, node);
    }
  });

  it('ends a read that is under way when it is closed', async () => {
    const spy = vi
      .spyOn(zlib, 'createGunzip')
      .mockImplementation(() => pageZlib.createGunzip() as unknown as zlib.Gunzip);
    let arrived = (): void => undefined;
    const pieces = new Pieces(one, 100);
    const source = decompress(
      {
        ...{ bytesRead: 0, failure: null, close: () => Promise.resolve() },
        read: () =>
          pieces.bytesRead === 0
            ? pieces.read()
            : new Promise<null>((resolve) => {
                arrived = () => {
                  resolve(null);
                };
              }),
      },
      'gzip',
    );
    spy.mockRestore();
    const reading = all(source);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await source.close();
    expect((await reading).failure).toBeNull();
    arrived();
  });

  it('agrees wherever a file is cut, or a byte is another', async () => {
    for (let round = 0; round < 100; round++) {
      const cut = several.subarray(0, 1 + random.below(several.length));
      const [page, node] = await both(cut, 4096);
      agree(page, node, round);
      const damaged = Buffer.from(several);
      damaged[random.below(damaged.length)]! ^= 1 << random.below(8);
      const [pageToo, nodeToo] = await both(damaged, 4096);
      agree(pageToo, nodeToo, round);
    }
  });
});
