import process from 'node:process';
import fc from 'fast-check';

/** Tests of properties look at other values each time, but for where a seed is set (CI): there the same ones each time. */
const seed = process.env['ZKSCOPE_SEED'];
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
