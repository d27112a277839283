import type { Address, Count, Hex64, Integer, Seconds, Time, Tool } from '../../observations/values.js';
import type { Reason, Status } from '../../model/journals/path/index.js';
import type { CaptureEntry } from '../analyze/document.js';
import type { PathEvidence } from './evidence.js';

/** A change of the znode, or of its list of children. */
export interface PathChangeEntry {
  kind: 'create' | 'delete' | 'setData' | 'setACL';
  /** the child that came or went; absent for the znode itself */
  child?: string;
  cause: 'request' | 'closeSession' | 'expired' | 'unknown';
  /** answer: of the request that made it; otherwise it was only inferred from what shows it */
  knownFrom: 'answer' | 'stat' | 'list' | 'notification';
  /** null where it is not known exactly */
  zxid: Hex64 | null;
  /** it came after this zxid */
  zxidAfter?: Hex64;
  /** and not later than this one */
  zxidUpTo?: Hex64;
  /** the first frame that proves it */
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  session: Hex64 | null;
  client: Address | null;
  version?: Integer;
  ephemeral?: boolean;
}

/** The read that a session works with. */
export interface PathReadEntry {
  op: string;
  watch: boolean;
  requestFrame: Count;
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  server: Address;
  /** of the reply */
  zxid: Hex64;
  /** names of children */
  children?: string[];
  cversion?: Integer;
  pzxid?: Hex64;
  version?: Integer;
  mzxid?: Hex64;
}

/** A time during which a session went by something older than what the server had. */
export interface PathIntervalEntry {
  from: Time;
  /** null: to the end */
  to: Time | null;
  /** seconds */
  duration: Seconds;
  /** the first change that it did not know */
  changeFrame: Count;
  /** where that frame was captured, if captures are of several hosts */
  changeHost?: string;
  /** the read that it worked with */
  believedFrame: Count | null;
  /** where that frame was captured, if captures are of several hosts */
  believedHost?: string;
  /** a notification that its TCP acknowledged */
  toldFrame: Count | null;
  /** where that frame was captured, if captures are of several hosts */
  toldHost?: string;
  /** the read that ended it */
  readAgainFrame: Count | null;
  /** where that frame was captured, if captures are of several hosts */
  readAgainHost?: string;
  /** between a read without and one with a watch: no event announces it */
  blind: boolean;
  changes: Count;
  /** names of children */
  missing: string[];
  /** names of children */
  extra: string[];
}

export interface PathToldEntry {
  type: 'told';
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  eventType: string;
  /** its TCP has it */
  acknowledged: boolean;
}

export interface PathUseEntry {
  type: 'read' | 'write';
  op: string;
  watch: boolean;
  requestFrame: Count;
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  /** answered the same so many times in a row, to `lastFrame` */
  count: Count;
  lastFrame: Count;
  /** where that frame was captured, if captures are of several hosts and it is not `host` */
  lastHost?: string;
  zxid: Hex64;
  /** names in the list */
  children?: Count;
  cversion?: Integer;
  version?: Integer;
  error?: string;
  /** false for a list that the session does not work with */
  used: boolean;
}

/** What a session was told, read or wrote. */
export type PathLogEntry = PathToldEntry | PathUseEntry;

/** A session, and what it knows. */
export interface PathSessionEntry {
  session: Hex64 | null;
  client: Address;
  servers: Address[];
  /** how it ended: open at the end of the capture */
  end: 'open' | 'closed' | 'expired' | 'lost';
  about: 'children' | 'data';
  /** pending: a change that it was not told of yet, or only just; notFollowing: it never set a watch; ended: the session is over */
  status: Status;
  reason: Reason | null;
  confidence: 'proven' | 'likely' | 'possible';
  message: string;
  since?: Time;
  sinceFrame?: Count;
  /** where that frame was captured, if captures are of several hosts */
  sinceHost?: string;
  /** children that the server has and that it does not know */
  missing: string[];
  /** children that it takes to be there and that are gone */
  extra: string[];
  /** it held a watch at its end */
  watching: boolean;
  /** the read that it works with */
  believed: PathReadEntry | null;
  reads: Count;
  readsWithWatch: Count;
  notifications: Count;
  /** notifications that its TCP never acknowledged */
  undelivered: Count;
  /** notifications that a read followed */
  readAgain: Count;
  readAgainWithWatch: Count;
  /** seconds from a notification to the answer of the next read, at the fastest; absent where there was none */
  fastest?: Seconds;
  /** and at the slowest */
  slowest?: Seconds;
  /** lists that it read and does not work with */
  ignoredLists: Count;
  gaps: Count;
  /** what it was told, read and wrote, in order */
  log: PathLogEntry[];
  intervals: PathIntervalEntry[];
  evidence: PathEvidence[];
}

/** What a session went by at a moment. */
export interface PathBeliefEntry {
  session: Hex64 | null;
  client: Address;
  /** the read that it went by */
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  children: Count;
  /** names of children */
  missing: string[];
  /** names of children */
  extra: string[];
}

/** What `zkscope path --json` prints: a znode's history, and who knows what of it. */
export interface PathDocument {
  schemaVersion: 1;
  tool: Tool;
  captures: CaptureEntry[];
  path: string;
  /** any message is about it */
  seen: boolean;
  /** paths that may have been meant, if it was not seen */
  near?: string[];
  summary: Record<Status, Count>;
  node: {
    exists: boolean | null;
    ephemeral: boolean | null;
    changes: PathChangeEntry[];
    refusals: PathRefusalEntry[];
  };
  children: {
    /** names of children at the beginning of the capture; null where no list was captured */
    first: string[] | null;
    /** names of children at its end */
    last: string[] | null;
    changes: PathChangeEntry[];
    /** changes that the filters kept out */
    changesNotShown: Count;
    /** changes that cversions prove and nothing else shows */
    unseenChanges: Count;
  };
  sessions: PathSessionEntry[];
  at?: {
    time: Time;
    /** names of children that the server had */
    server: string[] | null;
    beliefs: PathBeliefEntry[];
    unknown: { session: Hex64 | null; client: Address }[];
  };
  /** facts that were too many to keep */
  forgotten: Count;
}

/** A request that was answered by an error. */
export interface PathRefusalEntry {
  op: string;
  error: string;
  frame: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time: Time;
  session: Hex64 | null;
  client: Address;
  /** in a row */
  count: Count;
}
