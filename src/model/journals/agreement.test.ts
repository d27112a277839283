import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fixture } from '../../testing/analyseCapture.js';
import { type Packet, readCapture, writePcap } from '../../testing/captureFile.js';
import { modelOf } from '../../testing/modelOf.js';
import { cutPayloads } from '../../testing/snapCutting.js';
import type { ZnodeChange } from '../events.js';
import { parentOf } from '../knowledge/znode.js';
import type { ModelListener } from '../listener.js';
import type { Model } from '../model.js';
import { DataTimeline } from './path/dataTimeline.js';
import { PathHistory } from './path/index.js';
import { type TreeNode, TreeRecorder } from './tree/index.js';

/** A history of every path, each told what is about it or its children only: one pass however many paths there are. */
class Histories implements ModelListener {
  readonly byPath = new Map<string, PathHistory>();
  readonly changes: string[] = [];

  constructor(private readonly model: Model) {}

  request: NonNullable<ModelListener['request']> = (m, connection) => {
    for (const history of this.about(m.path)) history.request(m, connection);
  };
  notification: NonNullable<ModelListener['notification']> = (m, connection, view) => {
    for (const history of this.about(m.path)) history.notification(m, connection, view);
  };
  dataRead: NonNullable<ModelListener['dataRead']> = (read) => {
    for (const history of this.about(read.path)) history.dataRead(read);
  };
  listAnswered: NonNullable<ModelListener['listAnswered']> = (answer) => {
    for (const history of this.about(answer.path)) history.listAnswered(answer);
  };
  refused: NonNullable<ModelListener['refused']> = (answer) => {
    for (const history of this.about(answer.path)) history.refused(answer);
  };
  changed: NonNullable<ModelListener['changed']> = (change) => {
    // What a session still owned when it ended depends on the deletes before, which may have been cut.
    if (change.cause === 'request') this.changes.push(changeText(change));
    for (const history of this.about(change.path)) history.changed(change);
  };

  private about(path: string | null): PathHistory[] {
    if (path?.startsWith('/') !== true) return [];
    const parent = parentOf(path);
    return [this.of(path), ...(parent === null ? [] : [this.of(parent)])];
  }

  private of(path: string): PathHistory {
    let history = this.byPath.get(path);
    if (history === undefined) this.byPath.set(path, (history = new PathHistory(this.model, path)));
    return history;
  }
}

const changeText = ({ frame, kind, path, zxid }: ZnodeChange): string => `${frame} ${kind} ${path} ${zxid}`;

interface Recorded {
  readonly model: Model;
  readonly tree: ReadonlyMap<string, TreeNode>;
  readonly histories: Histories;
}

async function recorded(packets: readonly Packet[]): Promise<Recorded> {
  let tree!: TreeRecorder;
  let histories!: Histories;
  const model = await modelOf(writePcap(packets), (of) => {
    tree = new TreeRecorder(of);
    histories = new Histories(of);
    return [tree, histories];
  });
  const nodes = new Map<string, TreeNode>();
  const add = (node: TreeNode): void => {
    nodes.set(node.path, node);
    for (const child of node.children.values()) add(child);
  };
  add(tree.root);
  return { model, tree: nodes, histories };
}

/** What the three say of each path, where two of them say something different. */
function contradictions({ model, tree, histories }: Recorded): string[] {
  const found: string[] = [];
  const paths = new Set([...tree.keys(), ...histories.byPath.keys(), ...[...model.znodes].map(({ path }) => path)]);
  for (const path of paths) {
    const node = tree.get(path);
    const znode = model.znodes.find(path);
    const history = histories.byPath.get(path);
    const differ = (what: string, said: Record<string, unknown>): void => {
      const values = new Set(Object.values(said).filter((value) => value !== null && value !== undefined));
      if (values.size > 1) found.push(`${path}: ${what} ${JSON.stringify(said)}`);
    };
    const last = history === undefined ? undefined : new DataTimeline(history).changes.at(-1);
    // What was found later (a list without it, a NoNode) is no change that the history could name.
    const newest = last !== undefined && last.zxid >= (znode?.existsZxid ?? -1) ? last.kind !== 'delete' : null;
    // A list that has lost a name is later news than the model keeps of the child.
    const newer = node?.known === 'list' && node.zxid > (znode?.existsZxid ?? -1);
    differ('exists', { tree: newer ? null : node?.exists, model: znode?.exists, path: newest });
    if (node?.exists !== true) continue;
    differ('ephemeral', { tree: node.ephemeral, model: znode?.exists === true ? znode.ephemeral : null });
    const parent = histories.byPath.get(parentOf(path) ?? '');
    differ('owner', { tree: node.owner, model: znode?.owner, parent: node.owner && parent?.owners.get(node.name) });
    differ('version', { tree: node.version < 0 ? null : node.version, path: newestVersion(history) });
  }
  return found;
}

/** The version of the data as its latest change or Stat has it; null where that has none. */
function newestVersion(history: PathHistory | undefined): number | null {
  let newest = { zxid: -1, version: null as number | null };
  for (const [zxid, { version }] of history?.versions ?? []) if (zxid > newest.zxid) newest = { zxid, version };
  // One multi may create a znode and set its data.
  for (const { kind, zxid, version } of history?.ownChanges ?? [])
    if (kind !== 'setACL' && zxid >= newest.zxid) newest = { zxid, version };
  return newest.version;
}

const files = readdirSync(new URL('../../../fixtures', import.meta.url), { recursive: true, encoding: 'utf8' })
  // The frames of damaged containers may lie in years that no pcap can be written with.
  .filter((name) => /\.(pcap|pcapng)(\.gz)?$/.test(name) && !name.startsWith('fuzz/container'))
  .sort();

function packetsOf(file: string): Packet[] {
  try {
    const packets = readCapture(fixture(file));
    return packets.filter(({ linkType }) => linkType === packets[0]!.linkType);
  } catch {
    return [];
  }
}

describe('path, tree and the znodes that rules are judged by', () => {
  it.each(files)('say the same of every path of %s, whole and cut', async (file) => {
    const packets = packetsOf(file);
    const whole = await recorded(packets);
    expect(contradictions(whole)).toEqual([]);
    const done = new Set(whole.histories.changes);
    if (done.size === 0) return;
    // Behind the ReplyHeader; behind the first result of a multi; behind short paths.
    for (const bytes of [20, 40]) {
      const cut = await recorded(cutPayloads(packets, bytes));
      expect(contradictions(cut)).toEqual([]);
      expect(cut.histories.changes.filter((change) => !done.has(change))).toEqual([]);
    }
  });
});
