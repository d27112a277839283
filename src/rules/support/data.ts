import type { View, WatchKind } from '../../model/index.js';
import type { Read } from '../../model/index.js';
import { missedChanges } from './lists.js';

/** Whether the capture shows a change of the znode (its data or its children) after an answered read. */
export function changedSince(view: View, kind: WatchKind, read: Read): boolean {
  if (kind === 'child') return missedChanges(view.znode, read, view.session.id) !== null;
  return view.znode.changes.some((change) => change.kind === 'setData' && change.zxid > read.zxid && read.zxid >= 0);
}

/**
 * Whether the capture shows a second change after the session's last read: the first is the one that its event announced,
 * every other one it was not told of.
 */
export function changedAgain(view: View, kind: WatchKind): boolean {
  const read = kind === 'child' ? view.lastList : view.lastData;
  if (read === null || read.zxid < 0) return false;
  const changes =
    kind === 'child'
      ? view.znode.childChanges.filter((change) => change.zxid > read.zxid)
      : view.znode.changes.filter((change) => change.kind === 'setData' && change.zxid > read.zxid);
  if (new Set(changes.map((change) => change.zxid)).size > 1) return true;
  return kind === 'child' && view.znode.lists.filter((list) => list.zxid > read.zxid && list !== read.list).length > 1;
}
