import type { View, WatchKind } from '../../model/index.js';
import type { Read } from '../../model/index.js';
import { missedChanges } from './lists.js';

/** Whether the capture shows a change of the znode (its data or its children) after an answered read. */
export function changedSince(view: View, kind: WatchKind, read: Read): boolean {
  if (kind === 'child') return missedChanges(view.znode, read) !== null;
  return view.znode.changes.some((change) => change.kind === 'setData' && change.zxid > read.zxid && read.zxid >= 0);
}
