import { TO_CLIENT } from '../../../network/connection.js';
import type { JournalFormat, LineConnection, LinePlace, LineReader } from '../../journal.js';
import type { LineFields } from '../../lineFields.js';
import { layoutNamed } from '../../zookeeper/format/layout.js';
import { bodyOfLine } from '../../zookeeper/format/printed.js';
import { zxidNumber } from '../../zookeeper/format/stat.js';
import { Ensemble } from '../ensemble.js';
import { Proposal, type Proposals } from './proposals.js';
import type { Acknowledged, ForwardedRequest, TxnHeader, ZabView } from './zabMessage.js';

/**
 * Proposals in decoded lines that wait for their ACK.
 * @bound proposals
 */
const MOST_WAITING = 65_536;

/** How packets between a leader and its learners travel as lines. */
export const zabJournal: JournalFormat<ZabView> = { extra: () => ({}), reader: () => new ZabLines() };

interface Link {
  readonly proposals: Proposals;
  readonly leader: string;
  /** Proposals that wait for the learner's ACK, by zxid; null for those sent to bring it up to date. */
  readonly waiting: Map<number, Proposal | null>;
}

/** Follows each proposal from line to line, as the decoder does from packet to packet. */
class ZabLines implements LineReader {
  private readonly ensemble = new Ensemble();
  private readonly links = new Map<number, Link>();

  message(line: LineFields, place: LinePlace, connection: LineConnection): ZabView | null {
    if (place.op === null) return null;
    const message = new RecordedPacket(line, place, place.op);
    const link = this.link(connection);
    switch (message.op) {
      case 'REQUEST': {
        const request = message.request();
        const session = line.halves('session');
        if (request !== null && session !== null)
          link.proposals.requested(session.hi, session.lo, request.cxid, message.frame, message.time);
        break;
      }
      case 'PROPOSAL':
        this.proposed(message, line, link);
        break;
      case 'ACK':
        this.acknowledged(message, link, connection);
        break;
      case 'COMMIT':
      case 'COMMITANDACTIVATE':
      case 'INFORM':
      case 'INFORMANDACTIVATE':
        if (message.synchronising) break;
        message.proposal = link.proposals.get(message.zxid);
        if (message.proposal !== null) link.proposals.committed(message.proposal, momentOf(message));
        break;
      default:
    }
    return message;
  }

  private proposed(message: RecordedPacket, line: LineFields, link: Link): void {
    const { zxid } = message;
    let proposal = link.proposals.get(zxid);
    const header = message.txnHeader();
    const session = line.halves('session');
    if (proposal === null && !message.synchronising && header !== null && session !== null) {
      const { hi, lo } = session;
      const request = link.proposals.takeRequest(hi, lo, header.cxid);
      const [txn, path] = [line.text('txn') ?? '', line.text('path')];
      proposal = new Proposal(zxid, link.leader, hi, lo, header.cxid, txn, path, momentOf(message), request);
      link.proposals.add(proposal);
    }
    message.proposal = proposal;
    if (link.waiting.size < MOST_WAITING) link.waiting.set(zxid, message.synchronising ? null : proposal);
  }

  private acknowledged(message: RecordedPacket, link: Link, { client }: LineConnection): void {
    if (message.acknowledges !== 'PROPOSAL') return;
    const proposal = link.waiting.get(message.zxid) ?? null;
    link.waiting.delete(message.zxid);
    message.proposal = proposal;
    if (proposal === null || message.latency === null) return;
    const { learner, latency } = message;
    link.proposals.acknowledged(proposal, { ...momentOf(message), server: learner, ip: client.ip, latency });
  }

  private link({ id, server }: LineConnection): Link {
    let link = this.links.get(id);
    if (link === undefined) {
      link = { leader: server.text, proposals: this.ensemble.joined(server.text), waiting: new Map() };
      this.links.set(id, link);
    }
    return link;
  }

  gap(): void {
    // Acknowledgements and commits name their proposal: nothing shifts.
  }

  closed(connection: number): void {
    const link = this.links.get(connection);
    if (link === undefined) return;
    this.links.delete(connection);
    this.ensemble.left(link.leader, link.proposals);
  }
}

function momentOf({ frame, time }: RecordedPacket): { frame: number; time: number } {
  return { frame, time };
}

/** A packet as a line tells it. */
class RecordedPacket implements ZabView {
  readonly protocol = 'zab';
  readonly kind = 'message';
  readonly direction: ZabView['direction'];
  readonly frame: number;
  readonly time: number;
  readonly firstFrame: number;
  readonly streamEnd: number;
  readonly truncated: boolean;
  readonly length: number;
  readonly zxid: number;
  readonly zxidHi: number;
  readonly zxidLo: number;
  readonly leader: number | null;
  readonly learner: number | null;
  readonly latency: number | null;
  readonly acknowledges: Acknowledged | null;
  readonly synchronising: boolean;
  proposal: Proposal | null = null;

  constructor(
    private readonly line: LineFields,
    place: LinePlace,
    readonly op: string,
  ) {
    this.direction = place.direction;
    this.frame = place.frame;
    this.time = place.time;
    this.firstFrame = place.firstFrame;
    this.streamEnd = place.streamEnd;
    this.truncated = place.truncated;
    this.length = line.integer('length') ?? 0;
    const zxid = line.halves('zxid');
    this.zxidHi = zxid?.hi ?? 0;
    this.zxidLo = zxid?.lo ?? 0;
    this.zxid = zxid === null ? -1 : zxidNumber(zxid.hi, zxid.lo);
    this.leader = line.integer('leader');
    this.learner = line.integer('learner');
    this.latency = line.nanoseconds('latency');
    this.acknowledges = acknowledgedOf(line.text('acknowledges'));
    this.synchronising = line.flag('synchronising');
  }

  get epoch(): number | null {
    return this.zxid === -1 ? null : this.zxidHi;
  }

  txnHeader(): TxnHeader | null {
    const session = this.line.text('session');
    const cxid = this.line.integer('cxid');
    const name = this.line.text('txn');
    if (this.direction !== TO_CLIENT || session === null || cxid === null || name === null) return null;
    const time = Date.parse(this.line.text('txnTime') ?? '');
    return { session, cxid, time: Number.isNaN(time) ? 0 : time, type: typeOf(name) };
  }

  request(): ForwardedRequest | null {
    const session = this.line.text('session');
    const cxid = this.line.integer('cxid');
    const name = this.line.text('request');
    if (session === null || cxid === null || name === null) return null;
    const layout = layoutNamed(name);
    return {
      session,
      cxid,
      type: typeOf(name),
      body: layout === undefined ? {} : bodyOfLine(layout.request, this.line),
    };
  }

  toRecord(): Record<string, unknown> {
    return this.line.own();
  }
}

function acknowledgedOf(text: string | null): Acknowledged | null {
  return text === 'PROPOSAL' || text === 'NEWLEADER' || text === 'UPTODATE' ? text : null;
}

/** OpCode number of a transaction's or request's name; -1 for an error. */
function typeOf(name: string): number {
  return layoutNamed(name)?.operation.code ?? -1;
}
