import { counted, nameIn } from '../../numberNames.js';

/** Status codes of gRPC as its documentation names them. */
const NAMES = counted(
  0,
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
);
const CODES = new Map([...NAMES].map(([code, name]) => [name, code]));

/** `NOT_FOUND`, or `unknown(N)`. */
export function grpcStatusName(code: number): string {
  return nameIn(NAMES, code);
}

/** The code of such a name; null where it is none. */
export function grpcStatusCode(name: string): number | null {
  const code = CODES.get(name);
  if (code !== undefined) return code;
  const unknown = /^unknown\((\d{1,10})\)$/.exec(name);
  return unknown === null ? null : Number(unknown[1]);
}
