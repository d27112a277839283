import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output, OutputError } from './output.js';

const failing = (code: string): Writable =>
  new Writable({
    write: (_chunk, _encoding, done) => {
      done(Object.assign(new Error(code), { code }));
    },
  });

describe('Output', () => {
  it('is an error where the disk is full, said by drain and by finish', async () => {
    const output = new Output(failing('ENOSPC'));
    output.write('text');
    await expect(output.finish()).rejects.toEqual(
      new OutputError('standard output cannot be written: no space left on the device'),
    );
    await expect(output.drain()).rejects.toThrow(OutputError);
    expect([output.closed, output.signal.aborted]).toEqual([true, true]);
  });

  it('is an error where the stream throws rather than tells', async () => {
    const stream = failing('');
    stream.write = () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    };
    const output = new Output(stream);
    output.write('text');
    await expect(output.finish()).rejects.toThrow('no space left on the device');
  });

  it('ends quietly where the reader has gone', async () => {
    const output = new Output(failing('EPIPE'));
    output.write('text');
    await output.finish();
    await output.drain();
    expect(output.closed).toBe(true);
  });

  it('has finished when all is written', async () => {
    const parts: string[] = [];
    const slow = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        setImmediate(() => {
          parts.push(chunk.toString());
          done();
        });
      },
    });
    const output = new Output(slow);
    output.write('one ');
    output.flush();
    output.write('two');
    await output.finish();
    expect(parts.join('')).toBe('one two');
  });
});
