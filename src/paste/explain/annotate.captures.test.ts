import { describe, expect, it } from 'vitest';
import { annotatedCapture, expectedMessages, protocolCaptures, valueOf } from '../../testing/annotated.js';
import type { AnnotatedMessage } from './message.js';

/** A message by what the annotation and the list of an independent decoder both have. */
function line(...parts: unknown[]): string {
  return parts.map((part) => JSON.stringify(part ?? null)).join(' ');
}

function annotatedLine(message: AnnotatedMessage): string {
  const value = (name: string): unknown => valueOf(message, name);
  const { kind, op, length } = message;
  const stat = value('stat.mzxid');
  return line(kind, op, length, value('xid'), value('path'), value('zxid'), value('err'), value('timeOut'), stat);
}

function expectedLine(message: Record<string, unknown>): string {
  const { kind, op, length, xid, path, zxid, err, timeout } = message;
  const stat = message['stat'] as Record<string, unknown> | undefined;
  return line(kind, op, length, xid, path, zxid, err, timeout, stat?.['mzxid']);
}

describe.each(protocolCaptures)('packets of %s, as if pasted', (name) => {
  const expected = expectedMessages(name).filter(({ op }) => op !== 'fourLetterWord');

  it.each([
    ['with the port to tell the direction', true],
    ['without', false],
  ])('give every message and its fields, %s', (_, known) => {
    const messages = annotatedCapture(name, known).flatMap(({ run }) => run.messages);
    const framed = messages.filter(({ kind }) => kind !== 'fourLetterWord' && kind !== 'text');
    const withStat = expected.some((message) => 'stat' in message);
    const cut = (text: string): string => (withStat ? text : text.replace(/ \S+$/, ''));
    expect(framed.map(annotatedLine).map(cut).sort()).toEqual(expected.map(expectedLine).map(cut).sort());
    expect(framed.flatMap(({ fields }) => fields).filter(({ type }) => type === 'rest')).toEqual([]);
  });

  it('leave no byte of a message unexplained, and explain none twice', () => {
    for (const { run } of annotatedCapture(name)) {
      for (const message of run.messages) {
        let at = message.offset;
        for (const field of message.fields) {
          expect(field.offset).toBe(at);
          at += field.length;
        }
        expect(at).toBe(message.end);
      }
    }
  });
});
