import type { Format } from './format.js';
import { json } from './json.js';

export type { Format } from './format.js';

/** Formats that every command has, in the order of the help. */
export const formats: readonly Format[] = [json];
