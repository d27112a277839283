import { ErrorCode } from '../../../protocols/zookeeper/format/errors.js';
import type { ZooKeeperMessage, ZooKeeperRequest } from '../../../protocols/zookeeper/message.js';
import { EventType, isEphemeral, isSequential, OpCode } from '../../../protocols/zookeeper/format/opcodes.js';
import type { Stat } from '../../../protocols/zookeeper/format/stat.js';
import type { ClientConnection } from '../../knowledge/clientConnection.js';
import type { ModelListener } from '../../listener.js';
import type { Model } from '../../model.js';
import type { Session } from '../../knowledge/session.js';
import { TreeNode } from './treeNode.js';

const NODES = 200_000;
const DEPTH = 256;

/**
 * The part of the znode tree that the capture speaks of: from what was created, read, listed and deleted. Listens to a
 * Model. Bounded: znodes beyond the limit are counted in `forgotten`.
 */
export class TreeRecorder implements ModelListener {
  readonly root = new TreeNode('', null);
  size = 1;
  forgotten = 0;
  private readonly owned = new Map<string, Set<TreeNode>>();

  constructor(
    private readonly model: Model,
    private readonly limit = NODES,
  ) {}

  response(m: ZooKeeperMessage, connection: ClientConnection): void {
    const { request } = m;
    const { session } = connection;
    if (request === null || session === null) return;
    switch (request.opcode) {
      case OpCode.exists:
      case OpCode.getData:
      case OpCode.getACL:
        this.dataAnswered(m, request, session);
        return;
      case OpCode.getChildren:
      case OpCode.getChildren2:
        this.listAnswered(m, request, session);
        return;
      case OpCode.multi:
        this.multiAnswered(m, request, session);
        return;
      case OpCode.closeSession:
        this.sessionClosed(m, session);
        return;
      default:
        if (request.path !== null) this.writeAnswered(m, request, session);
    }
  }

  notification(m: ZooKeeperMessage): void {
    if (m.path === null) return;
    if (m.eventType === EventType.NodeDeleted || m.eventType === EventType.NodeCreated) {
      const exists = m.eventType === EventType.NodeCreated;
      const node = this.node(m.path);
      if (node !== null && node.exists !== exists) node.state(exists, m.zxid, 'notification', m.frame, m.time);
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

  /** The znode of a path, made if it is new; null where that is no path, or the tree is full. */
  private node(path: string): TreeNode | null {
    if (path === '/') return this.root;
    if (!path.startsWith('/')) return null;
    const names = path.split('/');
    if (names.length > DEPTH) return null;
    let node = this.root;
    for (let i = 1; i < names.length; i++) {
      const child = this.child(node, names[i]!);
      if (child === null) return null;
      node = child;
    }
    return node;
  }

  private child(node: TreeNode, name: string): TreeNode | null {
    let child = node.children.get(name);
    if (child === undefined) {
      if (this.size >= this.limit) {
        this.forgotten++;
        return null;
      }
      child = new TreeNode(name, node);
      node.children.set(name, child);
      this.size++;
    }
    return child;
  }

  private dataAnswered(m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session): void {
    if (request.path === null || (m.err !== 0 && m.err !== ErrorCode.NoNode)) return;
    const node = this.node(request.path);
    if (node === null) return;
    node.readBy(session);
    const there = m.err === 0;
    if (!node.state(there, m.zxid, 'answer', m.frame, m.time) || !there) return;
    this.above(node, m);
    const stat = m.stat();
    if (stat !== null) this.learn(node, stat);
  }

  private learn(node: TreeNode, stat: Stat): void {
    node.version = stat.version;
    node.cversion = stat.cversion;
    node.numChildren = stat.numChildren;
    node.dataLength = stat.dataLength;
    this.own(node, stat.ephemeralOwner === '0x0' ? null : stat.ephemeralOwner);
  }

  private own(node: TreeNode, owner: string | null): void {
    node.ephemeral = owner !== null;
    if (node.owner === owner) return;
    if (node.owner !== null) this.owned.get(node.owner)?.delete(node);
    node.owner = owner;
    if (owner === null) return;
    let nodes = this.owned.get(owner);
    if (nodes === undefined) this.owned.set(owner, (nodes = new Set()));
    nodes.add(node);
  }

  private listAnswered(m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session): void {
    if (request.path === null || (m.err !== 0 && m.err !== ErrorCode.NoNode)) return;
    const node = this.node(request.path);
    if (node === null) return;
    node.readBy(session);
    if (m.err !== 0) {
      node.state(false, m.zxid, 'answer', m.frame, m.time);
      return;
    }
    if (!node.state(true, m.zxid, 'answer', m.frame, m.time)) return;
    this.above(node, m);
    const names = m.childNames()?.names ?? null;
    const stat = request.opcode === OpCode.getChildren2 ? m.stat() : null;
    if (stat !== null) this.learn(node, stat);
    if (names === null) return;
    node.numChildren = names.length;
    const listed = new Set(names);
    const at = stat?.pzxid ?? m.zxid;
    for (const [name, child] of node.children) {
      if (!listed.has(name)) this.gone(child, at, m, 'list');
    }
    for (const name of names) this.child(node, name)?.state(true, at, 'list', m.frame, m.time);
  }

  /** What has a znode below it is there itself, and no ephemeral. */
  private above(node: TreeNode, m: ZooKeeperMessage): void {
    for (let above = node.parent; above !== null && above.exists !== true; above = above.parent) {
      above.exists = true;
      above.everThere = true;
      above.known = 'implied';
      above.frame = m.frame;
      above.time = m.time;
      above.ephemeral = false;
    }
  }

  private gone(node: TreeNode, zxid: number, m: ZooKeeperMessage, known: TreeNode['known']): void {
    if (node.exists === false) return;
    const { owner } = node;
    if (node.state(false, zxid, known, m.frame, m.time) && owner !== null) this.owned.get(owner)?.delete(node);
  }

  private writeAnswered(m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session): void {
    const path = m.path ?? request.path!;
    if (m.err !== 0) {
      const exists = m.err === ErrorCode.NodeExists ? true : m.err === ErrorCode.NoNode ? false : null;
      // NoNode to a create is about the parent.
      if (exists === null || (!exists && request.opcode !== OpCode.delete && request.opcode !== OpCode.setData)) return;
      this.node(path)?.state(exists, m.zxid, 'answer', m.frame, m.time);
      return;
    }
    switch (request.opcode) {
      case OpCode.create:
      case OpCode.create2:
      case OpCode.createContainer:
      case OpCode.createTTL:
        if (m.path !== null || !isSequential(request.flags)) this.created(m, path, request.flags, session);
        return;
      case OpCode.delete:
      case OpCode.deleteContainer:
        this.deleted(m, path);
        return;
      case OpCode.setData:
        this.dataSet(m, path, m.stat());
        return;
      default:
    }
  }

  private multiAnswered(m: ZooKeeperMessage, request: ZooKeeperRequest, session: Session): void {
    const results = m.responseBody()?.ops;
    if (m.err !== 0 || results === undefined || results.some((result) => (result.err ?? 0) !== 0)) return;
    for (const [i, op] of (request.body?.ops ?? []).entries()) {
      const path = results[i]?.path ?? op.path;
      if (path === undefined) continue;
      const flags = op.flags ?? 0;
      if (op.op.startsWith('create')) {
        if (results[i]?.path !== undefined || !isSequential(flags)) this.created(m, path, flags, session);
      } else if (op.op === 'delete') this.deleted(m, path);
      else if (op.op === 'setData') this.dataSet(m, path, results[i]?.stat ?? null);
    }
  }

  private created(m: ZooKeeperMessage, path: string, flags: number, session: Session): void {
    const node = this.node(path);
    if (node === null) return;
    node.writes++;
    if (!node.state(true, m.zxid, 'answer', m.frame, m.time)) return;
    this.above(node, m);
    node.version = 0;
    node.sequential = isSequential(flags);
    this.own(node, isEphemeral(flags) ? session.id : null);
    node.ephemeral = isEphemeral(flags);
  }

  private deleted(m: ZooKeeperMessage, path: string): void {
    const node = this.node(path);
    if (node === null) return;
    node.writes++;
    this.gone(node, m.zxid, m, 'answer');
    node.frame = m.frame;
    node.time = m.time;
    node.known = 'answer';
  }

  private dataSet(m: ZooKeeperMessage, path: string, stat: Stat | null): void {
    const node = this.node(path);
    if (node === null) return;
    node.writes++;
    if (!node.state(true, m.zxid, 'answer', m.frame, m.time)) return;
    this.above(node, m);
    if (stat !== null) this.learn(node, stat);
  }

  /** The session's ephemerals go with it. */
  private sessionClosed(m: ZooKeeperMessage, session: Session): void {
    if (session.id === null || m.err !== 0) return;
    for (const node of this.owned.get(session.id) ?? []) this.gone(node, m.zxid, m, 'answer');
    this.owned.delete(session.id);
  }
}
