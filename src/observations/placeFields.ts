import { defineFields } from '../protocols/field.js';

/** Whose line it is, where several hosts' lines come together. */
export const hostFields = defineFields({
  host: { type: 'string', text: 'only with `--host`, and of `zkscope record`: where the packets were captured' },
  run: {
    type: 'string',
    text: 'with `host`: which reading of packets there it comes from, as frames and connections are counted anew by each',
  },
  seq: { type: 'count', text: 'with `host`: number of the line in its `run`' },
  told: {
    type: 'number',
    unit: 'seconds',
    text: 'with `host`: epoch seconds of the latest line before, where this line is about something earlier',
  },
});

/** Where a line belongs: every line about a connection has these. */
export const placeFields = defineFields({
  frame: { type: 'count', required: true, text: 'number of the frame that completed it, as Wireshark counts' },
  time: { type: 'time', required: true, text: 'time of `frame`' },
  ts: { type: 'number', unit: 'seconds', required: true, text: 'the same as epoch seconds, to reckon with' },
  connection: { type: 'count', required: true, text: 'number of the TCP connection, from 0, in order of first packet' },
  client: { type: 'address', required: true, text: 'who connected: `10.0.0.1:2181` or `[fd77::1]:2181`' },
  server: { type: 'address', required: true, text: 'who was connected to, in the same form' },
  ...hostFields,
});
