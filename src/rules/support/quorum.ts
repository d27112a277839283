import { duration, numberText, plural } from '../../observations/words.js';
import type { LearnerLink } from '../../model/neighbours/quorum/index.js';
import type { Proposal } from '../../protocols/quorum/zab/proposals.js';
import { zxidText } from '../../protocols/zookeeper/format/stat.js';
import type { DataValue } from '../finding.js';
import { seconds } from '../../observations/seconds.js';

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
      return `SNAP of ${numberText(snapshotBytes ?? bytes)} bytes`;
    case 'TRUNC':
      return `TRUNC to ${toZxid === null ? 'an unknown zxid' : zxidText(toZxid)}`;
    case 'DIFF':
      return `DIFF with ${plural(proposals, 'transaction')} (${numberText(bytes)} bytes)`;
    default:
      return 'a synchronisation whose kind is not in the capture';
  }
}

/** `its proposal 0x… (frame 1) took 300 ms to be committed, the ACK of server 2 (10.0.0.2) came after 299 ms`. */
export function proposalText(proposal: Proposal): string {
  const { zxid, proposed, committed, decidedBy } = proposal;
  const what = `its proposal ${zxidText(zxid)} (frame ${proposed.frame})`;
  if (committed === null) return `${what} was not committed in the capture`;
  const took = `${what} took ${duration(committed.time - proposed.time)} to be committed`;
  if (decidedBy === null) return took;
  const name = decidedBy.server === null ? decidedBy.ip : `server ${decidedBy.server} (${decidedBy.ip})`;
  return `${took}, the ACK of ${name} came after ${duration(decidedBy.latency)}`;
}

/** The proposal that a client's write became, for `data`. */
export function proposalData(proposal: Proposal): Record<string, DataValue> {
  const { zxid, proposed, committed, decidedBy } = proposal;
  return {
    zxid: zxidText(zxid),
    proposalFrame: proposed.frame,
    commitFrame: committed?.frame ?? null,
    commitLatency: committed === null ? null : seconds(committed.time - proposed.time),
    decidedByIp: decidedBy?.ip ?? null,
  };
}
