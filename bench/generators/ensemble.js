import { JuteWriter } from './jute.js';

const NO_NODE = -101;
const NODE_EXISTS = -110;
const NOTIFICATION_XID = -1;
const SYNC_CONNECTED = 3;
const EVENT = { created: 1, deleted: 2, dataChanged: 3, childrenChanged: 4 };
const PASSWORD = Buffer.alloc(16, 0x5a);

/** Bytes of every message of an ensemble that never fails and whose servers are never behind one another. */
export class Ensemble {
  zxid = 0x1_0000_0000;
  #nodes = new Map();
  /** Sessions that watch, by path. */
  #dataWatches = new Map();
  #childWatches = new Map();
  #now;
  #sessions = 0;
  #jute = new JuteWriter();

  /** `now` gives the time in microseconds since 1970. */
  constructor(now) {
    this.#now = now;
    this.#nodes.set('/', this.#node(Buffer.alloc(0), 0n));
  }

  /** A new session that hears of its watches by `notify(bytes)`. */
  openSession(notify) {
    this.zxid++;
    this.#sessions++;
    return { id: 0x100_0000_0000_0000n + BigInt(this.#sessions), notify, ephemerals: new Set(), watched: new Set() };
  }

  connected(session, timeout) {
    return this.#jute.int(0).int(timeout).long(session.id).bytes(PASSWORD).bool(false).finish();
  }

  ping() {
    return this.#header(-2).finish();
  }

  /** All that the session made goes with it. */
  closeSession(session, xid) {
    this.zxid++;
    for (const path of session.ephemerals) this.#remove(path);
    for (const path of session.watched) {
      this.#dataWatches.get(path)?.delete(session);
      this.#childWatches.get(path)?.delete(session);
    }
    return this.#header(xid).finish();
  }

  create(session, xid, path, data, { ephemeral = false, sequential = false } = {}) {
    const parent = this.#nodes.get(parentOf(path));
    this.zxid++;
    if (parent === undefined) return this.#header(xid, NO_NODE).finish();
    const name = sequential ? path + String(parent.cversion).padStart(10, '0') : path;
    if (this.#nodes.has(name)) return this.#header(xid, NODE_EXISTS).finish();
    this.#nodes.set(name, this.#node(data, ephemeral ? session.id : 0n));
    if (ephemeral) session.ephemerals.add(name);
    parent.children.add(name.slice(name.lastIndexOf('/') + 1));
    parent.list = undefined;
    parent.cversion++;
    parent.pzxid = this.zxid;
    this.#fire(this.#dataWatches, name, EVENT.created);
    this.#fire(this.#childWatches, parentOf(name), EVENT.childrenChanged);
    return this.#header(xid).string(name).finish();
  }

  delete(session, xid, path) {
    this.zxid++;
    if (!this.#nodes.has(path)) return this.#header(xid, NO_NODE).finish();
    session.ephemerals.delete(path);
    this.#remove(path);
    return this.#header(xid).finish();
  }

  setData(xid, path, data) {
    this.zxid++;
    const node = this.#nodes.get(path);
    if (node === undefined) return this.#header(xid, NO_NODE).finish();
    node.data = data;
    node.version++;
    node.mzxid = this.zxid;
    node.mtime = this.#milliseconds();
    this.#fire(this.#dataWatches, path, EVENT.dataChanged);
    return this.#stat(this.#header(xid), node).finish();
  }

  exists(session, xid, path, watch) {
    const node = this.#nodes.get(path);
    // An absent node is watched as well.
    if (watch) this.#watch(this.#dataWatches, session, path);
    if (node === undefined) return this.#header(xid, NO_NODE).finish();
    return this.#stat(this.#header(xid), node).finish();
  }

  getData(session, xid, path, watch) {
    const node = this.#nodes.get(path);
    if (node === undefined) return this.#header(xid, NO_NODE).finish();
    if (watch) this.#watch(this.#dataWatches, session, path);
    return this.#stat(this.#header(xid).bytes(node.data), node).finish();
  }

  getChildren2(session, xid, path, watch) {
    const node = this.#nodes.get(path);
    if (node === undefined) return this.#header(xid, NO_NODE).finish();
    if (watch) this.#watch(this.#childWatches, session, path);
    node.list ??= listOf(node.children);
    return this.#stat(this.#header(xid).raw(node.list), node).finish();
  }

  childrenOf(path) {
    return [...(this.#nodes.get(path)?.children ?? [])];
  }

  #node(data, owner) {
    const time = this.#milliseconds();
    return {
      data,
      owner,
      czxid: this.zxid,
      mzxid: this.zxid,
      pzxid: this.zxid,
      ctime: time,
      mtime: time,
      version: 0,
      cversion: 0,
      children: new Set(),
      /** The children as they are written, as long as they are the same. */
      list: undefined,
    };
  }

  #remove(path) {
    const parent = this.#nodes.get(parentOf(path));
    this.#nodes.delete(path);
    parent.children.delete(path.slice(path.lastIndexOf('/') + 1));
    parent.list = undefined;
    parent.cversion++;
    parent.pzxid = this.zxid;
    this.#fire(this.#dataWatches, path, EVENT.deleted);
    this.#fire(this.#childWatches, path, EVENT.deleted);
    this.#fire(this.#childWatches, parentOf(path), EVENT.childrenChanged);
  }

  #watch(watches, session, path) {
    let sessions = watches.get(path);
    if (sessions === undefined) {
      sessions = new Set();
      watches.set(path, sessions);
    }
    sessions.add(session);
    session.watched.add(path);
  }

  #fire(watches, path, type) {
    const sessions = watches.get(path);
    if (sessions === undefined) return;
    watches.delete(path);
    for (const session of sessions) {
      const jute = this.#jute.int(NOTIFICATION_XID).long(-1n).int(0);
      session.notify(jute.int(type).int(SYNC_CONNECTED).string(path).finish(), type, path);
    }
  }

  #header(xid, error = 0) {
    return this.#jute.int(xid).long(this.zxid).int(error);
  }

  #stat(jute, node) {
    jute.long(node.czxid).long(node.mzxid).long(node.ctime).long(node.mtime);
    jute.int(node.version).int(node.cversion).int(0).long(node.owner);
    return jute.int(node.data.length).int(node.children.size).long(node.pzxid);
  }

  #milliseconds() {
    return Math.floor(this.#now() / 1000);
  }
}

function listOf(names) {
  const jute = new JuteWriter().int(names.size);
  for (const name of names) jute.string(name);
  return jute.finish().subarray(4);
}

function parentOf(path) {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1));
}
