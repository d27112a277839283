import type { MessageView } from '../../protocols/zookeeper/decodedMessage.js';
import { layoutOf } from '../../protocols/zookeeper/format/layout.js';
import { rewriteRecord, type Maps } from './juteRewriter.js';
import type { RewrittenStream } from './streams.js';

const LENGTH_PREFIX = 4;
const REQUEST_HEADER = 8;
const REPLY_HEADER = 16;
const LEAST_ERROR = -200;
/** Answers to four-letter words that say nothing of anybody. */
const KEPT_ANSWERS: readonly string[] = ['imok', 'rw', 'ro'];

/** Rewrites a message of ZooKeeper's clients and servers into its stream. */
export function rewriteZooKeeper(message: MessageView, stream: RewrittenStream, maps: Maps): void {
  if (message.word !== null) {
    rewriteWord(message, message.word, stream, maps);
    return;
  }
  const { handshake, kind, length, streamEnd, truncated, bytes, bodyStart, bodyEnd } = message;
  const header = handshake ? 0 : kind === 'request' ? REQUEST_HEADER : REPLY_HEADER;
  const start = bodyStart - header;
  const prefix = Buffer.alloc(LENGTH_PREFIX);
  prefix.writeInt32BE(length);
  const head = rewriteRecord(bytes.subarray(start, bodyStart), maps, false, (rewriter) => {
    if (handshake) return;
    rewriter.keep(4);
    if (kind === 'request') rewriter.int();
    else {
      rewriter.zxid();
      rewriter.int(LEAST_ERROR, 0);
    }
  });
  const body = rewriteRecord(bytes.subarray(bodyStart, bodyEnd), maps, truncated, (rewriter) => {
    const layout = message.layout();
    if (kind === 'notification') {
      // WatcherEvent: int type, int state, ustring path.
      rewriter.int();
      rewriter.int();
      rewriter.string((path) => maps.names.path(path));
    } else if (layout === null || (kind === 'request' && !handshake && layoutOf(message.opcode ?? 0) === null)) {
      rewriter.skip(rewriter.remaining);
    } else rewriter.record(layout);
  });
  stream.put(streamEnd - LENGTH_PREFIX - length, Buffer.concat([prefix, head, body]));
  if (!truncated) return;
  // Its tail was lost, or was too long to be kept.
  stream.zeroTo(streamEnd);
}

function rewriteWord(message: MessageView, word: string, stream: RewrittenStream, { contents }: Maps): void {
  if (message.kind === 'request') {
    stream.put(message.streamEnd - word.length, Buffer.from(word, 'latin1'));
    return;
  }
  const start = Math.max(message.streamEnd - message.answerLength, stream.decided);
  const answer = Buffer.from(stream.original(start, message.streamEnd));
  const kept = KEPT_ANSWERS.includes(answer.toString('latin1').trim());
  stream.put(start, kept ? answer : contents.text(answer));
}
