import type { ZooKeeperMessage } from '../../../protocols/zookeeper/message.js';
import { EventType, isEphemeral, isSequential } from '../../../protocols/zookeeper/format/enums.js';
import type { DataRead, ListAnswer, RefusedAnswer, Seen, ZnodeChange } from '../../events.js';
import type { ModelListener } from '../../listener.js';
import type { Session } from '../../knowledge/session.js';
import type { Model } from '../../model.js';
import { nameBytes, partOf, Room } from '../../knowledge/room.js';
import { READERS, TreeNode } from './treeNode.js';

/**
 * Znodes of a tree.
 * @bound znodes
 */
const NODES = 200_000;
/**
 * What they take, with their names and readers.
 * @bound bytes
 */
const BYTES = 32 * 1024 * 1024;
/**
 * Parts of a path that are znodes of the tree.
 * @bound parts
 */
const DEPTH = 256;
/** Bytes that one takes, its name apart, and each of its readers. */
const NODE_BYTES = 240;
const READER_BYTES = 24;

/**
 * The part of the znode tree that the capture speaks of: from what was created, read, listed and deleted. Listens to a
 * Model. Bounded: znodes beyond the limit are counted in `forgotten`.
 */
export class TreeRecorder implements ModelListener {
  readonly root = new TreeNode('', null);
  size = 1;
  forgotten = 0;
  /** Reads whose sessions were too many to tell apart. */
  readersForgotten = 0;
  private readonly room: Room;

  constructor(
    private readonly model: Model,
    private readonly limit = NODES,
    bytes = BYTES,
  ) {
    this.room = new Room(bytes);
  }

  changed(change: ZnodeChange): void {
    if (change.kind === 'setACL') return;
    const node = this.node(change.path);
    if (node === null) return;
    if (change.cause === 'request') node.writes++;
    if (change.kind === 'create') this.created(node, change);
    else if (change.kind === 'delete') node.deleted(change);
    else this.dataSet(node, change);
  }

  dataRead(read: DataRead): void {
    this.answered(read);
  }

  listAnswered({ names, ...answer }: ListAnswer): void {
    const node = this.answered(answer);
    if (node === null || names === null) return;
    const { stat } = answer;
    node.numChildren = names.length;
    const listed = new Set(names);
    const at = { ...answer, zxid: stat?.pzxid ?? answer.zxid };
    for (const [name, child] of node.children) if (!listed.has(name)) child.gone('list', at);
    for (const name of names) this.child(node, name)?.state(true, 'list', at);
  }

  /** The node that an answer has shown; null where it is not there, or what is known of it is later. */
  private answered({ path, session, there, stat, ...answer }: DataRead): TreeNode | null {
    const node = this.node(path);
    if (node === null) return null;
    this.readBy(node, session);
    if (!node.state(there, 'answer', answer) || !there) return null;
    this.above(node, answer);
    if (stat !== null) node.learn(stat);
    return node;
  }

  refused({ path, there, ...answer }: RefusedAnswer): void {
    if (there !== null) this.node(path)?.state(there, 'answer', answer);
  }

  notification(m: ZooKeeperMessage): void {
    if (m.path === null) return;
    if (m.eventType === EventType.NodeDeleted || m.eventType === EventType.NodeCreated) {
      const exists = m.eventType === EventType.NodeCreated;
      const node = this.node(m.path);
      if (node !== null && node.exists !== exists) node.state(exists, 'notification', m);
    }
  }

  /** Counts the watches that sessions hold at this moment: in the tree, `watches` of each znode. */
  countWatches(): void {
    for (const session of this.model.sessions.alive()) {
      // The server holds them for a connection: they are gone with it.
      if (session.end !== 'open' || !session.connected) continue;
      for (const [path, view] of session.views) {
        const held = Number(view.holds('data')) + Number(view.holds('child'));
        if (held === 0) continue;
        const node = this.node(path);
        if (node !== null) node.watches += view.persistentWatch === null ? held : 1;
      }
    }
  }

  private readBy(node: TreeNode, session: Session): void {
    node.reads++;
    if (node.hasReader(session)) return;
    if (node.readerCount < READERS && this.room.take(READER_BYTES)) node.addReader(session);
    else this.readersForgotten++;
  }

  /** The znode of a path, made if it is new; null where that is no path, or the tree is full. */
  private node(path: string): TreeNode | null {
    if (path === '/') return this.root;
    if (!path.startsWith('/')) return null;
    const names = path.split('/');
    if (names.length > DEPTH) return null;
    let node = this.root;
    for (let i = 1; i < names.length; i++) {
      const child = this.child(node, names[i]!, path);
      if (child === null) return null;
      node = child;
    }
    return node;
  }

  /** @param path what the name may be a part of */
  private child(node: TreeNode, name: string, path = name): TreeNode | null {
    let child = node.children.get(name);
    if (child === undefined) {
      if (this.size >= this.limit || !this.room.take(NODE_BYTES + nameBytes(name))) {
        this.forgotten++;
        return null;
      }
      child = new TreeNode(partOf(path, name), node);
      node.addChild(child);
      this.size++;
    }
    return child;
  }

  /** What has a znode below it is there itself, and no ephemeral. */
  private above(node: TreeNode, { frame, time }: Seen): void {
    for (let above = node.parent; above !== null && above.exists !== true; above = above.parent) {
      above.exists = true;
      above.everThere = true;
      above.known = 'implied';
      above.frame = frame;
      above.time = time;
      above.ephemeral = false;
    }
  }

  private created(node: TreeNode, change: ZnodeChange): void {
    // It may have been read already, before this answer: then that is known, and more than the create says.
    const read = node.exists === true && node.zxid >= change.zxid;
    if (!node.state(true, 'answer', change)) return;
    this.above(node, change);
    node.version = 0;
    if (!read) node.cversion = node.numChildren = node.dataLength = -1;
    node.sequential = isSequential(change.flags);
    node.ephemeral = isEphemeral(change.flags);
    node.owner = node.ephemeral ? change.session.id : null;
  }

  private dataSet(node: TreeNode, change: ZnodeChange): void {
    const read = node.exists === true && node.zxid >= change.zxid;
    if (!node.state(true, 'answer', change)) return;
    this.above(node, change);
    if (change.stat !== null) node.learn(change.stat);
    // Another version and other data than before, but which?
    else if (!read) node.version = node.dataLength = -1;
  }
}
