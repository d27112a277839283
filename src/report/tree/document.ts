import type { Count, Hex64, Integer, Time, Tool } from '../../observations/values.js';
import type { CaptureInfo, Clock } from '../../observations/inputs.js';
import type { Model } from '../../model/index.js';
import type { TreeKnown, TreeNode, TreeRecorder } from '../../model/journals/tree/index.js';
import { captureEntry, type CaptureEntry } from '../analyze/document.js';

/**
 * `present`; `gone`: it was there and is not any more; `absent`: asked for and not there, never seen otherwise; `unknown`:
 * nothing says whether it is there.
 */
export type TreeState = 'present' | 'gone' | 'absent' | 'unknown';

export interface TreeEntry {
  name: string;
  path: string;
  /** gone: it was there before; absent: asked for and not there; unknown: nothing says */
  state: TreeState;
  known: TreeKnown;
  /** of what says so; absent where nothing does */
  frame?: Count;
  /** where that frame was captured, if captures are of several hosts */
  host?: string;
  time?: Time;
  ephemeral: boolean | null;
  sequential: boolean;
  /** session that owns an ephemeral */
  owner?: Hex64;
  /** its client, where the capture shows it */
  ownerClient?: string;
  /** of the latest Stat */
  version?: Integer;
  cversion?: Integer;
  dataLength?: Integer;
  /** children as the latest list or Stat counted them */
  numChildren?: Integer;
  reads: Count;
  /** sessions that read it */
  readers: Count;
  writes: Count;
  /** held by open sessions */
  watches: Count;
  /** children that --depth left out */
  deeper?: Count;
  nodes: TreeEntry[];
}

/** What `zkscope tree --json` prints: the part of the znode tree that a capture shows. */
export interface TreeDocument {
  schemaVersion: 1;
  tool: Tool;
  captures: CaptureEntry[];
  /** the moment that it is of; null if nothing was captured */
  at: Time | null;
  znodes: Record<TreeState, Count>;
  watches: Count;
  /** znodes that were too many to keep */
  forgotten: Count;
  /** reads by sessions that were too many to be told apart: `readers` has them not */
  readersForgotten: Count;
  roots: TreeEntry[];
}

export interface TreeDocumentOptions {
  readonly clock: Clock;
  readonly captures: readonly CaptureInfo[];
  readonly version: string;
  readonly model: Model;
  readonly at: number | null;
  /** Paths whose subtrees are wanted; empty for all. */
  readonly roots: readonly string[];
  /** Levels below a root that are shown. */
  readonly depth: number;
  /** Paths that a filter let through; null for all. And those that it let through and that were too many to keep. */
  readonly touched: ReadonlySet<string> | null;
  readonly touchedForgotten: number;
}

/** What `zkscope tree --json` prints. */
export function treeDocument(recorder: TreeRecorder, options: TreeDocumentOptions): TreeDocument {
  const { clock, captures, version, at, roots } = options;
  const builder = new Builder(options);
  const starts =
    roots.length === 0 ? [recorder.root] : roots.map((root) => find(recorder.root, root)).filter((n) => n !== null);
  const entries = starts.map((node) => builder.entry(node, node.path, 0)).filter((entry) => entry !== null);
  return {
    schemaVersion: 1,
    tool: { name: 'zkscope', version },
    captures: captures.map((info) => captureEntry(info, clock)),
    at: at === null ? null : clock.format(at),
    znodes: builder.counts,
    watches: builder.watches,
    forgotten: recorder.forgotten + options.touchedForgotten,
    readersForgotten: recorder.readersForgotten,
    roots: entries,
  };
}

function find(root: TreeNode, path: string): TreeNode | null {
  let node: TreeNode | undefined = root;
  for (const name of path.split('/').filter((part) => part !== '')) {
    node = node.children.get(name);
    if (node === undefined) return null;
  }
  return node;
}

class Builder {
  readonly counts: Record<TreeState, number> = { present: 0, gone: 0, absent: 0, unknown: 0 };
  watches = 0;

  constructor(private readonly options: TreeDocumentOptions) {}

  /** The entry of a znode and what is below it; null where nothing of it passes the filter. */
  entry(node: TreeNode, path: string, level: number): TreeEntry | null {
    const nodes: TreeEntry[] = [];
    let deeper = 0;
    for (const child of node.children.values()) {
      const childPath = path === '/' ? `/${child.name}` : `${path}/${child.name}`;
      const entry = this.entry(child, childPath, level + 1);
      if (entry === null) continue;
      if (level < this.options.depth) nodes.push(entry);
      else deeper++;
    }
    const { touched } = this.options;
    if (touched !== null && nodes.length + deeper === 0 && !touched.has(path)) return null;
    nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
    const state = stateOf(node);
    // The root always exists, whether anybody asked for it or not.
    if (node.parent !== null) this.counts[state]++;
    this.watches += node.watches;
    return this.described(node, path, state, nodes, deeper);
  }

  private described(node: TreeNode, path: string, state: TreeState, nodes: TreeEntry[], deeper: number): TreeEntry {
    const { clock, model } = this.options;
    const { name, known, frame, ephemeral, looksSequential, owner, reads, readerCount, writes, watches } = node;
    const entry: TreeEntry = {
      name: node.parent === null ? '/' : name,
      path,
      state: node.parent === null ? 'present' : state,
      known,
      ...(frame > 0 ? { frame, time: clock.format(node.time) } : {}),
      ephemeral,
      sequential: looksSequential,
      reads,
      readers: readerCount,
      writes,
      watches,
      ...(deeper > 0 ? { deeper } : {}),
      nodes,
    };
    if (owner !== null) {
      entry.owner = owner;
      const client = model.sessions.find(owner)?.client;
      if (client !== undefined) entry.ownerClient = client;
    }
    if (node.version >= 0) entry.version = node.version;
    if (node.cversion >= 0) entry.cversion = node.cversion;
    if (node.dataLength >= 0) entry.dataLength = node.dataLength;
    if (node.numChildren >= 0) entry.numChildren = node.numChildren;
    return entry;
  }
}

function stateOf({ exists, everThere }: TreeNode): TreeState {
  if (exists === null) return 'unknown';
  return exists ? 'present' : everThere ? 'gone' : 'absent';
}
