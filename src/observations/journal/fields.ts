import { defineFields, type FieldTable } from '../../protocols/field.js';
import { hostFields, placeFields } from '../placeFields.js';

const ONLY = 'only with `--connections`: ';

/** What messages say in a journal beside what is printed of them. */
export const journalMessageFields = defineFields({
  streamEnd: { type: 'count', text: `${ONLY}position behind its last byte in the stream of its direction` },
  requestFirstFrame: { type: 'count', text: `${ONLY}frame of that request’s first byte` },
  firstTime: { type: 'time', text: `${ONLY}time of its first byte, where that is another than \`time\`` },
  sessionId: { type: 'hex64', text: `${ONLY}session that a handshake asks for or grants; 0x0 for none` },
  digestUser: {
    type: 'string',
    text: `${ONLY}whose digest credentials an auth request brings; the password is never shown`,
  },
  handshake: { type: { object: {} }, text: `${ONLY}all that is known of a TLS handshake` },
});

const moment = defineFields({
  frame: { type: 'count', required: true, text: 'frame' },
  time: { type: 'time', required: true, text: 'its time' },
});

const timeOfLine = {
  time: { type: 'time', required: true, text: 'a time of the capture, by which several journals are put in order' },
  ts: { type: 'number', unit: 'seconds', required: true, text: 'the same as epoch seconds' },
  ...hostFields,
} as const satisfies FieldTable;

const kindOf = <const K extends string>(kind: K, text: string) =>
  ({ kind: { type: { oneOf: [kind] }, required: true, text } }) as const;

const connectionOf = {
  ...placeFields,
  protocol: { type: 'string', nullable: true, text: 'as of messages' },
} as const satisfies FieldTable;

const direction = {
  direction: {
    type: { oneOf: ['request', 'response'] },
    required: true,
    text: 'request: to the server; response: to the client',
  },
} as const satisfies FieldTable;

const stream = defineFields({
  packets: { type: 'count', text: 'segments, pure ACKs and retransmissions included' },
  delivered: { type: 'count', text: 'position up to which bytes were captured, or are a gap' },
  acked: { type: 'count', text: 'position up to which the receiver has acknowledged' },
  ackedFrame: { type: 'count', text: 'frame that last moved `acked`' },
  ackedTime: { type: 'time', text: 'its time' },
  lastFrame: { type: 'count', text: 'latest packet of any kind' },
  lastTime: { type: 'time', text: 'its time' },
  lastPayloadFrame: { type: 'count', text: 'latest packet with new payload' },
  lastPayloadTime: { type: 'time', text: 'its time' },
  gapBytes: { type: 'count', unit: 'bytes', text: 'bytes that the capture missed' },
  retransmissions: { type: 'count', text: 'segments that brought only bytes which had been seen' },
  duplicates: { type: 'count', text: 'segments that the capture holds twice within a millisecond' },
  unackedRetransmissions: { type: 'count', text: 'retransmissions since anything new was acknowledged' },
  firstUnackedRetransmission: { type: { object: moment }, text: 'the first of them' },
  keepAlives: { type: 'count', text: 'keep-alive probes' },
  zeroWindows: { type: 'count', text: 'segments that announced a window of 0' },
  fin: { type: { object: moment }, text: 'FIN' },
  finRepeats: { type: 'count', text: 'how many times it was sent again' },
  finAcked: { type: 'flag', text: 'it was acknowledged' },
  rst: { type: { object: moment }, text: 'RST' },
});

const lost = defineFields({
  segments: { type: 'count', required: true, text: 'segments that were lost between the two, as they were sent again' },
  bytes: { type: 'count', required: true, unit: 'bytes', text: 'their payload' },
  notCaptured: {
    type: 'count',
    required: true,
    unit: 'bytes',
    text: 'bytes that passed one of the two, whose capture does not have them',
  },
});

const bothEnds = defineFields({
  near: { type: 'string', required: true, text: 'host where the client’s end was captured' },
  far: { type: 'string', required: true, text: 'host where the server’s end was captured' },
  toServer: { type: { object: lost }, text: 'what was lost of what the client sent' },
  toClient: { type: { object: lost }, text: 'what was lost of what the server sent' },
});

const factsOf = {
  bothEnds: { type: { object: bothEnds }, text: 'of a connection that was captured at both ends' },
  foreign: { type: 'string', text: 'what speaks on the port instead of its protocol' },
  synCount: { type: 'count', text: 'how many times the SYN was sent' },
  syn: { type: { object: moment }, text: 'first SYN' },
  lastSyn: { type: { object: moment }, text: 'last SYN' },
  synAck: { type: { object: moment }, text: 'its answer' },
  refused: { type: { object: moment }, text: 'RST that answered it' },
  toServer: { type: { object: stream }, required: true, text: 'what the client sent' },
  toClient: { type: { object: stream }, required: true, text: 'what the server sent' },
} as const satisfies FieldTable;

const connectionEnds = ['open', 'fin', 'rst', 'replaced', 'forgotten'] as const;

/** The lines that a journal has beside messages and gaps, in the order in which they come. What is 0 or null is left out. */
export const journalLines = {
  journal: {
    text: 'Only with `--connections`, the first line: a journal begins.',
    fields: defineFields({
      ...kindOf('journal', 'the lines that follow can be read in place of the capture'),
      ...timeOfLine,
      version: { type: 'count', required: true, text: 'of the journal: 1' },
      dropped: { type: 'count', unit: 'lines', text: 'lines before it that could not be written: the disk was full' },
    }),
  },
  opened: {
    text: 'Only with `--connections`: a connection belongs to a protocol that is decoded, as its port or its bytes tell.',
    fields: defineFields({
      ...kindOf('opened', 'a connection; `frame` is its first packet'),
      ...connectionOf,
      midStream: { type: 'boolean', required: true, text: 'its beginning was not captured' },
    }),
  },
  continued: {
    text: 'Only of `zkscope record`, at the beginning of a file: a connection that goes on, for those who read this file alone.',
    fields: defineFields({
      ...kindOf('continued', 'a connection that files before this one tell of; `frame` is the latest frame before'),
      ...connectionOf,
      granted: { type: { object: {} }, text: 'the line of the answer that gave it its session' },
      secured: { type: 'flag', text: 'TLS is spoken on it' },
      ...factsOf,
    }),
  },
  tcp: {
    text: 'Only with `--connections`: what a segment was beside its payload.',
    fields: defineFields({
      ...kindOf('tcp', 'a segment'),
      ...connectionOf,
      ...direction,
      event: {
        type: {
          oneOf: [
            ...(['syn', 'synRetransmission', 'synAck', 'refused', 'fin', 'finRetransmission'] as const),
            ...(['rst', 'retransmission', 'keepAlive', 'zeroWindow', 'dsack', 'outOfOrder'] as const),
          ],
        },
        required: true,
        text: 'refused: the RST that answers a SYN; zeroWindow: its sender can take no more bytes from here on; dsack: it says that what was sent again had arrived before; outOfOrder: bytes that come after later ones, where the receiver waited for them',
      },
    }),
  },
  acknowledged: {
    text: 'Only with `--connections`: the receiver has acknowledged more. Told after notifications, after repetitions and after the end.',
    fields: defineFields({
      ...kindOf('acknowledged', 'an acknowledgement; `frame` brought it'),
      ...connectionOf,
      ...direction,
      acked: { type: 'integer', required: true, text: 'position in the stream of `direction`' },
      finAcked: { type: 'flag', text: 'the FIN is acknowledged as well' },
    }),
  },
  closed: {
    text: 'Only with `--connections`: a connection has ended, or the capture has, and what it had come to.',
    fields: defineFields({
      ...kindOf('closed', 'the end of a connection; `frame` brought it'),
      ...connectionOf,
      end: { type: { oneOf: connectionEnds }, required: true, text: 'open: the capture ended first' },
      ...factsOf,
    }),
  },
  capture: {
    text: 'Only with `--connections`, near the end: one capture that was read, as in `captures` of analyze.',
    fields: defineFields({
      ...kindOf('capture', 'a capture that the journal is of'),
      ...timeOfLine,
      file: { type: 'string', required: true, text: 'as it was given' },
      format: { type: 'string', nullable: true, required: true, text: 'pcap, pcapng, with .gz or .zst' },
      linkTypes: { type: 'strings', required: true, text: 'LINKTYPE_ names' },
      packets: { type: 'count', required: true, text: 'frames' },
      bytes: { type: 'count', unit: 'bytes', required: true, text: 'as stored' },
      from: { type: 'time', nullable: true, required: true, text: 'first frame' },
      to: { type: 'time', nullable: true, required: true, text: 'last frame' },
      firstFrame: { type: 'count', nullable: true, required: true, text: 'number of its first frame' },
      truncated: { type: 'boolean', required: true, text: 'it ends in the middle of a record' },
      interrupted: { type: 'boolean', text: 'it was not read to its end' },
      problems: { type: 'strings', required: true, text: 'what is wrong with it' },
    }),
  },
  end: {
    text: 'Only with `--connections`, the last line: without it the journal was cut.',
    fields: defineFields({
      ...kindOf('end', 'the journal is whole'),
      ...timeOfLine,
      frame: { type: 'count', required: true, text: 'last frame' },
      continues: { type: 'flag', text: 'of `zkscope record`: the next file goes on' },
      connections: { type: 'count', required: true, text: 'TCP connections of any kind' },
      forgottenConnections: { type: 'count', required: true, text: 'of them, forgotten to bound memory' },
      problems: {
        type: {
          list: {
            kind: { type: 'string', required: true, text: 'what it is' },
            count: { type: 'count', required: true, text: 'packets' },
            firstFrame: { type: 'count', required: true, text: 'the first of them' },
            firstHost: { type: 'string', text: 'where that frame was captured, if captures are of several hosts' },
          },
        },
        required: true,
        text: 'packets that could not be taken apart',
      },
    }),
  },
} as const;
