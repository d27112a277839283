import type { ConnectionFacts, Moment } from '../../../observations/connectionFacts.js';
import { TO_CLIENT, TO_SERVER } from '../../../observations/connectionFacts.js';
import type { Message } from '../../../protocols/registry.js';
import type { ElectionMessage, Notification } from '../../../protocols/quorum/election/electionMessage.js';
import { RequestTable, type Proposal } from '../../../protocols/quorum/zab/proposals.js';
import type { ZabView } from '../../../protocols/quorum/zab/zabMessage.js';
import { Histogram } from '../../measures/histogram.js';
import { SLOW_WAIT } from './ackPace.js';
import { agreedLeader, type Election, type Looker, type Reign } from './election.js';
import { LearnerLink } from './learnerLink.js';
import { QuorumServers, type QuorumServer } from './server.js';

/**
 * Connections between servers.
 * @bound connections
 */
const MOST_LINKS = 1024;
/**
 * Times of one leader.
 * @bound reigns
 */
const MOST_REIGNS = 256;
/**
 * Elections.
 * @bound elections
 */
const MOST_ELECTIONS = 256;
const MOST_LOOKERS = 64;
/**
 * Slow proposals.
 * @bound proposals
 */
const MOST_SLOW = 4096;
/**
 * Sessions that the quorum closed, by closeSession or because they expired.
 * @bound sessions
 */
const MOST_CLOSINGS = 10_000;
/** A leader and its learners hear of each other twice a tick (2 s by default); a longer silence vouches for nobody. */
const SILENT = 3e9;
/** Votes that agree and are not repeated for so long have decided the election (the last look around takes 200 ms). */
const AGREED = 1e9;

/** A proposal that was committed 50 ms or more after it was made. */
export interface SlowCommit {
  readonly zxid: number;
  /** Address of the leader. */
  readonly leader: string;
  /** Of the first COMMIT; nanoseconds. */
  readonly time: number;
  readonly latency: number;
}

/** A leader proposed to close a session: because its client asked, or because nothing was heard of it for its timeout. */
export interface Closing extends Moment {
  readonly zxid: number;
  /** A learner handed the client's request on. A client of the leader itself asks on its own connection. */
  readonly asked: boolean;
}

/**
 * What an ensemble's servers say among themselves: who leads and who follows, elections, how learners were brought up to
 * date, how fast each acknowledges, and which proposal a client's write became. Bounded.
 */
export class QuorumModel {
  readonly servers = new QuorumServers();
  /** Connections of learners in order of time, closed ones as well. */
  readonly links: LearnerLink[] = [];
  readonly reigns: Reign[] = [];
  readonly elections: Election[] = [];
  /** Nanoseconds from the first PROPOSAL to the first COMMIT. */
  readonly commitLatency = new Histogram();
  /** Proposals that took long to be committed, in order of time; the latest few thousand. */
  readonly slowCommits: SlowCommit[] = [];
  /** The latest proposal to close a session, by its id. */
  readonly closings = new Map<string, Closing>();
  /** Told of each proposal to close a session that no learner has asked for. */
  onClosing: ((session: string, closing: Closing) => void) | null = null;
  /** Messages of either protocol. */
  messages = 0;
  private readonly open = new Map<number, LearnerLink>();
  private readonly reignOf = new Map<string, Reign>();
  private readonly writes = new RequestTable<Proposal>(8192);
  private election: Election | null = null;
  /** Highest epoch in which some server says that it leads or follows. */
  private epochServed = -1;

  /** The proposal that a client's request became, if it was captured and is not long ago. Session as `0x…`. */
  proposalOf(session: string, xid: number): Proposal | null {
    const hex = session.slice(2);
    const hi = hex.length > 8 ? parseInt(hex.slice(0, -8), 16) : 0;
    return this.writes.get(hi, parseInt(hex.slice(-8), 16), xid);
  }

  message(message: Message, connection: ConnectionFacts): void {
    if (message.protocol === 'zab') this.zab(message, connection);
    else if (message.protocol === 'election') this.vote(message, connection);
  }

  /** Bytes of the connection are missing. */
  gap(connection: ConnectionFacts): void {
    const link = this.open.get(connection.id);
    if (link === undefined) return;
    link.gaps++;
    link.pace.forget();
  }

  closed(connection: ConnectionFacts): void {
    const link = this.open.get(connection.id);
    // With 'open' it is the capture that ends.
    if (link === undefined || connection.end === 'open') return;
    link.closed = true;
    this.open.delete(connection.id);
    link.pace.end();
  }

  end(): void {
    for (const link of this.open.values()) link.pace.end();
  }

  /** Links that the leader of this one has besides. */
  private peersOf(link: LearnerLink): LearnerLink['pace'][] {
    const peers: LearnerLink['pace'][] = [];
    for (const other of this.open.values()) {
      if (other !== link && other.tcp.server.text === link.tcp.server.text) peers.push(other.pace);
    }
    return peers;
  }

  // ---- ZAB

  private zab(m: ZabView, connection: ConnectionFacts): void {
    this.messages++;
    const moment: Moment = { frame: m.frame, time: m.time };
    const link = this.open.get(connection.id) ?? this.newLink(m, connection);
    if (link === null) return;
    if (m.direction === TO_SERVER) link.heardLearner(moment);
    else link.lastFromLeader = moment;
    // Ids may become known late.
    if (link.leader.id === null && m.leader !== null) link.leader = this.servers.get(m.leader, connection.server.ip);
    if (link.learner.id === null && m.learner !== null)
      link.learner = this.servers.get(m.learner, connection.client.ip);
    const { leader, learner } = link;
    if (m.op === 'FOLLOWERINFO' || m.op === 'OBSERVERINFO') {
      link.observer = m.op === 'OBSERVERINFO';
      link.sync = newSync(moment);
      return;
    }
    const epoch = leaderEpoch(m);
    if (epoch !== null) link.epoch = epoch;
    if (m.direction === TO_CLIENT && !m.synchronising && m.zxid > link.zxid) link.zxid = m.zxid;
    if (m.synchronising || m.acknowledges === 'NEWLEADER') link.synchronising(m, moment);
    if (m.direction === TO_CLIENT) this.reigning(link, moment);
    switch (m.op) {
      case 'UPTODATE':
        learner.served = true;
        leader.served = true;
        this.joined(link);
        return;
      case 'PROPOSAL':
        if (m.synchronising) return;
        link.pace.proposed(moment, m.zxid);
        this.proposed(m);
        return;
      case 'ACK':
        if (m.acknowledges !== 'PROPOSAL') return;
        if (m.zxid > learner.zxid) learner.zxid = m.zxid;
        if (m.synchronising || m.latency === null) return;
        learner.ackLatency.record(m.latency);
        link.pace.acknowledged(moment, m.zxid);
        return;
      case 'COMMIT':
      case 'COMMITANDACTIVATE':
        learner.served ||= !m.synchronising;
        // Once for each proposal: at the first COMMIT to any learner.
        if (m.proposal?.committed?.frame === m.frame) this.committed(m.proposal);
        return;
      case 'PING':
        if (m.direction === TO_CLIENT) {
          link.pace.pingSent(m.time);
          return;
        }
        learner.served = true;
        link.pace.pinged(m.latency, m.time);
        if (m.latency !== null) learner.pingLatency.record(m.latency);
        return;
      default:
    }
  }

  private proposed(m: ZabView): void {
    const { proposal } = m;
    if (proposal?.proposed.frame !== m.frame) return;
    this.writes.set(proposal);
    if (proposal.txn === 'closeSession') this.closing(proposal);
  }

  private closing({ session, zxid, proposed, request }: Proposal): void {
    this.closings.delete(session);
    const closing = { ...proposed, zxid, asked: request !== null };
    this.closings.set(session, closing);
    if (!closing.asked) this.onClosing?.(session, closing);
    if (this.closings.size <= MOST_CLOSINGS) return;
    for (const oldest of this.closings.keys()) {
      this.closings.delete(oldest);
      break;
    }
  }

  private committed(proposal: Proposal): void {
    const latency = proposal.committed!.time - proposal.proposed.time;
    this.commitLatency.record(latency);
    if (latency < SLOW_WAIT) return;
    this.slowCommits.push({ zxid: proposal.zxid, leader: proposal.leader, time: proposal.committed!.time, latency });
    if (this.slowCommits.length > 2 * MOST_SLOW) this.slowCommits.splice(0, MOST_SLOW);
  }

  private newLink(m: ZabView, connection: ConnectionFacts): LearnerLink | null {
    if (this.open.size >= MOST_LINKS) return null;
    const { client, server, id } = connection;
    const link = new LearnerLink(
      connection,
      this.servers.get(m.leader, server.ip),
      this.servers.get(m.learner, client.ip),
    );
    link.pace.peers = () => this.peersOf(link);
    this.open.set(id, link);
    if (this.links.length < MOST_LINKS) this.links.push(link);
    return link;
  }

  /** The leader has sent something: keeps the account of its reign, and closes the election that it came of. */
  private reigning(link: LearnerLink, moment: Moment): void {
    const { epoch } = link;
    if (epoch === null) return;
    const current = link.reign;
    if (current?.epoch === epoch && current.serving !== null) {
      current.last = moment;
      return;
    }
    const key = `${link.tcp.server.text}/${epoch}`;
    let reign = this.reignOf.get(key);
    if (reign === undefined) {
      // A leader that others have named with this epoch had been serving before the capture shows anything of it.
      const begun = link.sync !== null && this.election !== null && epoch > this.epochServed;
      reign = { leader: link.leader, epoch, first: moment, begun, serving: null, last: moment, links: [] };
      if (this.reigns.length < MOST_REIGNS) {
        this.reignOf.set(key, reign);
        this.reigns.push(reign);
      }
      if (begun) this.election!.reign ??= reign;
    }
    reign.last = moment;
    link.reign = reign;
    if (!reign.links.includes(link)) reign.links.push(link);
    if (reign.serving === null && link.established) {
      reign.serving = moment;
      if (this.election?.reign === reign) this.election = null;
    }
  }

  // ---- election

  private vote(m: ElectionMessage, connection: ConnectionFacts): void {
    this.messages++;
    if (m.op !== 'notification') return;
    const moment: Moment = { frame: m.frame, time: m.time };
    const ip = m.direction === TO_SERVER ? connection.client.ip : connection.server.ip;
    const server = this.servers.get(m.sender, ip);
    if (m.state !== 'LOOKING') {
      if (this.election !== null) this.election.leaderKnown = true;
      // Servers tell of the new epoch only once its leader serves; before, they tell of the one that they come from.
      if (m.peerEpoch !== null && m.peerEpoch > this.epochServed) this.epochServed = m.peerEpoch;
      return;
    }
    // A new connection begins with the last message that its sender had for this peer, however old it is.
    if (this.isServing(server, m.time)) return;
    const election = this.currentElection(moment);
    election.notifications++;
    election.last = moment;
    const looker = election.lookers.get(server) ?? newLooker(server, moment);
    if (election.lookers.size < MOST_LOOKERS) election.lookers.set(server, looker);
    noteVote(looker, m);
  }

  private currentElection(moment: Moment): Election {
    if (this.election !== null && !this.isOver(this.election, moment.time)) return this.election;
    const before = this.reigns.at(-1) ?? null;
    const election: Election = {
      start: moment,
      lookers: new Map(),
      notifications: 0,
      last: moment,
      before,
      lastOfLeader: before?.last ?? null,
      leaderKnown: false,
      reign: null,
    };
    this.election = election;
    if (this.elections.length < MOST_ELECTIONS) this.elections.push(election);
    return election;
  }

  /** They have agreed on a leader, or found one, without any other sign of it in the capture. */
  private isOver(election: Election, time: number): boolean {
    if (election.reign !== null) return false;
    // The leader went on for long after the last vote: whoever looked has joined it, out of sight of this capture.
    const { before } = election;
    if (before !== null && before.last.time > election.last.time + AGREED) return true;
    return election.lookers.size > 1 && time - election.last.time > AGREED && agreedLeader(election) !== null;
  }

  /** A learner is let serve by a leader that did not come of this election: it was not looking for a new one. */
  private joined(link: LearnerLink): void {
    const { election } = this;
    const looker = election?.lookers.get(link.learner);
    if (election === null || looker === undefined || election.reign !== null) return;
    looker.joined = true;
    for (const other of election.lookers.values()) if (!other.joined) return;
    this.election = null;
  }

  /** Whether the server leads or follows at this time, by its open connections. */
  private isServing(server: QuorumServer, time: number): boolean {
    for (const link of this.open.values()) {
      if (link.end !== null || !link.established) continue;
      const heard = link.lastFromLeader;
      if (link.learner === server && heard !== null && time - heard.time < SILENT) return true;
      const answered = link.lastFromLearner;
      if (link.leader === server && answered !== null && time - answered.time < SILENT) return true;
    }
    return false;
  }
}

function newSync(start: Moment): NonNullable<LearnerLink['sync']> {
  return {
    start,
    kind: null,
    kindAt: null,
    fromZxid: null,
    toZxid: null,
    proposals: 0,
    bytes: 0,
    snapshotBytes: null,
    acknowledged: null,
    upToDate: null,
  };
}

/** The epoch of the leader itself, where the message shows it. */
function leaderEpoch(m: ZabView): number | null {
  if (m.op === 'LEADERINFO' || m.op === 'NEWLEADER') return m.epoch;
  // While a learner is brought up to date it is sent transactions of earlier epochs.
  if (m.direction !== TO_CLIENT || m.synchronising) return null;
  return m.op === 'PROPOSAL' || m.op === 'COMMIT' || m.op === 'INFORM' || m.op === 'PING' ? m.epoch : null;
}

function newLooker(server: QuorumServer, first: Moment): Looker {
  return { server, first, vote: null, zxid: null, peerEpoch: null, rounds: new Set(), joined: false };
}

function noteVote(looker: Looker, m: Notification): void {
  looker.vote = m.leader;
  looker.joined = false;
  if (m.electionEpoch !== null && looker.rounds.size < 1024) looker.rounds.add(m.electionEpoch);
  if (m.peerEpoch !== null) looker.peerEpoch = m.peerEpoch;
  // A server begins by proposing itself, with its own last zxid.
  if (m.leader !== null && m.leader === m.sender) looker.zxid = m.zxid;
}
