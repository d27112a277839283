/** Start line and header fields of one HTTP/1 message (RFC 9112), as far as framing and recognition need them. */
export interface Http1Head {
  readonly kind: 'request' | 'response';
  /** Request method and request target; empty in a response. */
  readonly method: string;
  readonly target: string;
  /** Response status, 0 in a request. */
  readonly status: number;
  /** 0 or 1 of HTTP/1.0 or HTTP/1.1. */
  readonly minorVersion: number;
  /** Field values by lower-case name, repeated fields joined by a comma. */
  readonly fields: ReadonlyMap<string, string>;
  /** Content-Length, null where there is none. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** Characters of the whole head. */
  readonly length: number;
  /** Only a part of the head was captured: later fields are unknown. */
  readonly partial: boolean;
}

/**
 * Longest head that is collected, start line and fields together.
 * @bound bytes
 */
export const MAX_HEAD_BYTES = 65536;
/** Longest start line that is looked for while a stream is not aligned. */
export const MAX_START_LINE_BYTES = 8192;
/**
 * Header fields of one message.
 * @bound fields
 */
const MAX_FIELDS = 256;

const REQUEST_LINE = /^([A-Z]{3,16}) ([!-~\x80-\xff]{1,8000}) HTTP\/1\.([01])$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5][0-9][0-9])(?: [^\r\n]*)?$/;

const METHODS = 'GET|POST|PUT|HEAD|DELETE|OPTIONS|PATCH|CONNECT|TRACE';
/** A whole start line anywhere in a text: how an unaligned stream is found again. */
export const REQUEST_LINE_ANYWHERE = new RegExp(`(?:${METHODS}) [!-~\\x80-\\xff]{1,8000} HTTP/1\\.[01]\\r\\n`);
export const STATUS_LINE_ANYWHERE = /HTTP\/1\.[01] [1-5][0-9][0-9](?: [^\r\n]{0,200})?\r\n/;

const START_OF_REQUEST = METHODS.split('|').map((method) => `${method} `);

/** Could these first characters (latin1) of a stream begin an HTTP/1 request? `more` where they are too few to say. */
export function looksLikeRequest(text: string): 'yes' | 'no' | 'more' {
  for (const start of START_OF_REQUEST) {
    if (text.startsWith(start)) return 'yes';
    if (text.length < start.length && start.startsWith(text)) return 'more';
  }
  return 'no';
}

/** The same for a response. */
export function looksLikeResponse(text: string): 'yes' | 'no' | 'more' {
  const start = 'HTTP/1.';
  if (text.startsWith(start)) return 'yes';
  return start.startsWith(text) ? 'more' : 'no';
}

/**
 * Reads a head given as latin1 text, without the empty line that ends it. With `partial` the last line may be cut and is
 * not used unless it is the start line's only one. Returns null where it is no HTTP/1 head.
 */
export function parseHead(text: string, kind: 'request' | 'response', partial: boolean): Http1Head | null {
  const lines = text.split('\r\n');
  if (partial) lines.pop();
  if (lines.length === 0 || lines.length > MAX_FIELDS) return null;
  const start = (kind === 'request' ? REQUEST_LINE : STATUS_LINE).exec(lines[0]!);
  if (start === null) return null;
  const fields = new Map<string, string>();
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index]!;
    const colon = line.indexOf(':');
    if (colon <= 0) return null;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  const contentLength = readContentLength(fields.get('content-length'));
  if (contentLength === 'invalid') return null;
  const chunked = /(?:^|,)\s*chunked\s*$/i.test(fields.get('transfer-encoding') ?? '');
  const common = { fields, contentLength: chunked ? null : contentLength, chunked, partial, length: text.length };
  return kind === 'request'
    ? { kind, method: start[1]!, target: start[2]!, status: 0, minorVersion: Number(start[3]), ...common }
    : { kind, method: '', target: '', status: Number(start[2]), minorVersion: Number(start[1]), ...common };
}

/** Repeated fields are allowed as long as they agree (RFC 9112, 6.3). */
function readContentLength(text: string | undefined): number | null | 'invalid' {
  if (text === undefined) return null;
  const values = text.split(',').map((part) => part.trim());
  const first = values[0]!;
  if (!/^[0-9]{1,15}$/.test(first) || values.some((value) => value !== first)) return 'invalid';
  return Number(first);
}
