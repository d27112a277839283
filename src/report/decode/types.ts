/** Types of what `zkscope decode --json` prints and `decode()` yields; the schema is in schemas/decode.ts. */

export interface AclRecord {
  /** Letters of `cdrwa`. */
  readonly perms: string;
  readonly scheme: string;
  readonly id: string;
}

/** 64-bit numbers as `0x…`; ctime and mtime in milliseconds since the epoch. */
export interface StatRecord {
  readonly czxid: string;
  readonly mzxid: string;
  readonly pzxid: string;
  readonly ctime: number;
  readonly mtime: number;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: string;
  readonly dataLength: number;
  readonly numChildren: number;
}

export interface OperationRecord {
  readonly op: string;
  readonly path?: string;
  readonly watch?: boolean;
  readonly version?: number;
  readonly flags?: number;
  readonly mode?: string;
  readonly ttl?: number;
  readonly dataLength?: number;
  readonly acl?: readonly AclRecord[];
  readonly err?: number;
  readonly error?: string;
  readonly stat?: StatRecord;
  readonly children?: readonly string[];
}

interface Place {
  /** Frame that completed the message, as Wireshark counts. */
  readonly frame: number;
  /** UTC, ISO 8601, with all digits of the capture. */
  readonly time: string;
  /** The same as epoch seconds. */
  readonly ts: number;
  readonly connection: number;
  readonly client: string;
  readonly server: string;
}

export interface DecodedGap extends Place {
  readonly kind: 'gap';
  readonly protocol: string | null;
  readonly direction: 'request' | 'response';
  readonly bytes: number;
  readonly reason: 'missing' | 'skipped' | 'foreign';
  readonly foreign?: string;
}

export interface DecodedMessage extends Place {
  readonly firstFrame: number;
  readonly protocol: string;
  readonly session?: string | null;
  readonly kind: 'request' | 'response' | 'notification' | 'message';
  readonly op: string | null;
  readonly length?: number;
  readonly xid?: number;
  readonly path?: string;
  readonly watch?: boolean;
  readonly version?: number;
  readonly flags?: number;
  readonly mode?: string;
  readonly ttl?: number;
  readonly acl?: readonly AclRecord[];
  readonly timeout?: number;
  readonly expired?: boolean;
  readonly lastZxidSeen?: string;
  readonly readOnly?: boolean;
  readonly zxid?: string;
  readonly err?: number;
  readonly error?: string;
  /** Seconds. */
  readonly latency?: number;
  readonly stat?: StatRecord;
  readonly dataLength?: number;
  /** Base64; only if asked for. */
  readonly data?: string;
  readonly children?: readonly string[];
  readonly eventType?: string;
  readonly state?: string;
  readonly ops?: readonly OperationRecord[];
  readonly dataWatches?: readonly string[];
  readonly existWatches?: readonly string[];
  readonly childWatches?: readonly string[];
  readonly persistentWatches?: readonly string[];
  readonly persistentRecursiveWatches?: readonly string[];
  readonly relativeZxid?: string;
  readonly watchMode?: string;
  readonly watcherType?: string;
  readonly scheme?: string;
  readonly word?: string;
  readonly truncated?: true;
  /** Fields of other protocols (`zab`, `election`, `etcd`, `tls`). */
  readonly [field: string]: unknown;
}
