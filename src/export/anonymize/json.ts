import type { Maps } from './juteRewriter.js';

/** Members of etcd's JSON whose names are its own. */
const MEMBERS: readonly string[] = [
  ...[
    'ID',
    'TTL',
    'grantedTTL',
    'keys',
    'key',
    'value',
    'range_end',
    'lease',
    'header',
    'result',
    'error',
    'code',
    'message',
  ],
  ...[
    'cluster_id',
    'member_id',
    'revision',
    'raft_term',
    'kvs',
    'count',
    'more',
    'prev_kv',
    'create_revision',
    'mod_revision',
  ],
  ...[
    'version',
    'leases',
    'etcdserver',
    'etcdcluster',
    'health',
    'reason',
    'create_request',
    'events',
    'type',
    'succeeded',
  ],
];
/** Members that hold bytes, as base64. */
const BASE64: readonly string[] = ['key', 'value', 'range_end', 'keys'];
const TOKEN = /"((?:[^"\\]|\\.)*)"(\s*:)?|[-+.0-9eE]+|true|false|null|[{}[\],:\s]+|[^]/g;

/** Rewrites JSON: its structure, numbers and the names of etcd's own members stay, other text becomes other text. */
export function rewriteJson(bytes: Buffer, maps: Maps): Buffer {
  let member = '';
  const text = bytes.toString('latin1').replace(TOKEN, (token: string, string?: string, colon?: string) => {
    if (string === undefined) return /^[^\d\s{}[\],:+\-.eEtfn]$/.test(token) ? '\0' : token;
    if (colon !== undefined) {
      member = string;
      return MEMBERS.includes(string) ? token : `"${other(string, maps)}"${colon}`;
    }
    if (/^-?\d{0,20}$/.test(string) || string === 'true' || string === 'false') return token;
    return `"${BASE64.includes(member) ? base64(member, string, maps) : other(string, maps)}"`;
  });
  return Buffer.from(text, 'latin1');
}

function other(text: string, { contents }: Maps): string {
  // What is escaped stays so in number: a backslash and a letter.
  return contents.text(Buffer.from(text, 'latin1')).toString('latin1');
}

function base64(member: string, text: string, { names, contents }: Maps): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) return 'A'.repeat(text.length);
  return (member === 'value' ? contents.data(bytes) : names.path(bytes)).toString('base64');
}
