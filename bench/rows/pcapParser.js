/** Counts packets with pcap-parser, the reader that people find on npm. */
import { createRequire } from 'node:module';
import process from 'node:process';

// It is from 2012: `new Buffer` and the arguments of then still work, with a warning.
process.noDeprecation = true;
const { parse } = createRequire(import.meta.url)('pcap-parser');
let packets = 0;
const parser = parse(process.argv[2]);
parser.on('packet', () => packets++);
parser.on('end', () => console.log(packets));
