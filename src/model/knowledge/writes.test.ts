import { describe, expect, it } from 'vitest';
import { fixturePackets } from '../../testing/analyseCapture.js';
import { type Packet, writePcap } from '../../testing/captureFile.js';
import { modelOf } from '../../testing/modelOf.js';
import { cutBehindReplyHeader } from '../../testing/snapCutting.js';
import type { Model } from '../model.js';
import { PathHistory } from '../journals/path/index.js';
import { type TreeNode, TreeRecorder } from '../journals/tree/index.js';

interface Known {
  readonly model: Model;
  readonly history: PathHistory;
  readonly node: TreeNode | undefined;
}

async function known(packets: readonly Packet[], path: string): Promise<Known> {
  let history!: PathHistory;
  let tree!: TreeRecorder;
  const model = await modelOf(writePcap(packets), (of) => {
    history = new PathHistory(of, path);
    tree = new TreeRecorder(of);
    return [history, tree];
  });
  let node: TreeNode | undefined = tree.root;
  for (const name of path.slice(1).split('/')) node = node?.children.get(name);
  return { model, history, node };
}

/** Frame 223 answers a multi that created and deleted /anyk/t1, frame 230 one that would have created it, and failed. */
const MULTIS = fixturePackets('protocol/any-sll2.pcap');
const FAILED = 230;

describe('a multi whose answer the snap length cut', () => {
  it('proves nothing where only the ReplyHeader is left', async () => {
    const { model, history, node } = await known(cutBehindReplyHeader(MULTIS, FAILED), '/anyk/t1');
    expect(history.ownChanges.filter(({ frame }) => frame === FAILED)).toEqual([]);
    expect(history.refusals).toEqual([]);
    expect(node?.exists).toBe(false);
    expect(model.znode('/anyk/t1')?.exists).toBe(false);
  });

  it('has failed where an ErrorResult is left, though its err is 0', async () => {
    // MultiHeader: int type -1, boolean done, int err; ErrorResult: int err 0 of the create before the one that failed.
    const { model, history, node } = await known(cutBehindReplyHeader(MULTIS, FAILED, 13), '/anyk/t1');
    expect(history.ownChanges.filter(({ frame }) => frame === FAILED)).toEqual([]);
    expect(node?.exists).toBe(false);
    expect(model.znode('/anyk/t1')?.exists).toBe(false);
  });
});
