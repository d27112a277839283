import type { LearnerLink } from '../../model/quorum/index.js';
import { zxidText } from '../../protocols/zookeeper/stat.js';
import type { DataValue } from '../finding.js';
import { count, seconds } from './text.js';

/** How a learner was brought up to date, for `data`. */
export function syncData(link: LearnerLink): Record<string, DataValue> {
  const sync = link.sync!;
  const done = sync.upToDate ?? sync.acknowledged;
  const data: Record<string, DataValue> = {
    learner: link.learner.id,
    learnerIp: link.learner.ip,
    observer: link.observer,
    kind: sync.kind,
    frame: (sync.kindAt ?? sync.start).frame,
    fromZxid: sync.fromZxid === null ? null : zxidText(sync.fromZxid),
    toZxid: sync.toZxid === null ? null : zxidText(sync.toZxid),
    transactions: sync.proposals,
    bytes: sync.bytes,
    duration: done === null ? null : seconds(done.time - sync.start.time),
  };
  if (sync.snapshotBytes !== null) data['snapshotBytes'] = sync.snapshotBytes;
  return data;
}

/** `DIFF with 289 transactions (46,788 bytes)`, `SNAP of 122,528 bytes`, `TRUNC to 0x100000071`. */
export function syncText(link: LearnerLink): string {
  const { kind, toZxid, proposals, bytes, snapshotBytes } = link.sync!;
  switch (kind) {
    case 'SNAP':
      return `SNAP of ${(snapshotBytes ?? bytes).toLocaleString('en')} bytes`;
    case 'TRUNC':
      return `TRUNC to ${toZxid === null ? 'an unknown zxid' : zxidText(toZxid)}`;
    case 'DIFF':
      return `DIFF with ${count(proposals, 'transaction')} (${bytes.toLocaleString('en')} bytes)`;
    default:
      return 'a synchronisation whose kind is not in the capture';
  }
}
