/**
 * Captures that ask for too much of one thing, each of one thing only: what zkscope keeps of it has to stay within its
 * bounds. Written until the writer has enough, unless a shape has an end of its own.
 */
import { World } from './conversation.js';
import { hellos } from './tlsConnection.js';

const NOTHING = Buffer.alloc(0);
/** Names of 8 bytes that make an answer of 16 MB. */
const MOST_NAMES = 1_300_000;

/** SYNs, each from an address of its own, that nobody answers. */
export function synFlood(writer) {
  const world = new World(writer);
  for (let i = 0; ; i++) world.conversation(i, 1024 + (i % 60_000)).tcp.synchronise(world.tick());
}

/** Connections that are accepted and never used: two packets each. */
export function halfOpen(writer) {
  const world = new World(writer);
  for (let i = 0; ; i++) {
    const { tcp } = world.conversation(i, 1024 + (i % 60_000));
    tcp.synchronise(world.tick());
    tcp.accept(world.tick());
  }
}

/** One request each of connections whose start was not captured, and nothing more of them. */
export function midStream(writer) {
  const world = new World(writer);
  for (let i = 0; ; i++) {
    const conversation = world.conversation(i, 1024 + (i % 60_000));
    conversation.say(conversation.readRequest('getData', '/configuration', true));
  }
}

/** One connection of whose requests, and of whose answers, every other one was not captured: each packet follows a gap. */
export function gaps(writer) {
  const world = new World(writer);
  const client = world.conversation(0).connect();
  world.ensemble.create(client.session, 0, '/configuration', Buffer.from('x'));
  for (;;) {
    client.tcp.lose('client', client.readRequest('getData', '/configuration', false).length);
    client.say(client.readRequest('getData', '/configuration', false));
    const answer = (xid) => world.ensemble.getData(client.session, xid, '/configuration', false);
    client.tcp.lose('server', answer(client.xid - 1).length);
    client.answer(answer(client.xid));
  }
}

/** The same of a client that the server never acknowledges: what was captured waits for what was not. */
export function unacknowledgedGaps(writer) {
  const world = new World(writer);
  const client = world.conversation(0).connect();
  for (;;) {
    client.tcp.lose('client', client.readRequest('getData', '/configuration', false).length);
    client.say(client.readRequest('getData', '/configuration', false));
  }
}

/**
 * A znode whose children are created one by one: two packets each, and one for the watch of a second session, which reads
 * the list whenever it has doubled.
 */
export function children(writer) {
  const world = new World(writer);
  const maker = world.conversation(0).connect();
  maker.create('/queue');
  const reader = world.conversation(1).connect();
  reader.read('getChildren2', '/queue', true);
  for (let i = 1; ; i++) {
    maker.create(`/queue/n${String(i).padStart(7, '0')}`);
    if ((i & (i - 1)) === 0) reader.read('getChildren2', '/queue', true);
  }
}

/** A znode with as many children as there are packets (at most 16 MB of names), listed anew after every change. */
export function childList(writer) {
  const world = new World(writer);
  const maker = world.conversation(0).connect();
  maker.create('/queue');
  const names = Math.min(writer.limit, MOST_NAMES);
  for (let i = 0; i < names; i++) world.ensemble.create(maker.session, 0, path(i), NOTHING);
  const reader = world.conversation(1).connect();
  for (let i = 0; ; i++) {
    reader.read('getChildren2', '/queue', true);
    if (i % 2 === 0) maker.delete(path(i % names));
    else maker.create(path((i - 1) % names));
  }
  function path(i) {
    return `/queue/n${String(i).padStart(7, '0')}`;
  }
}

/** Ever new znodes, which one session creates and then watches by two reads: six packets each. */
export function paths(writer) {
  const world = new World(writer);
  const client = world.conversation(0).connect();
  client.create('/tasks');
  for (let i = 0; ; i++) watchNew(client, `/tasks/task-${i}`);
}

/** The same by a thousand sessions in turn. */
export function pathsOfMany(writer) {
  const world = new World(writer);
  const clients = Array.from({ length: 1000 }, (_, i) => world.conversation(i).connect());
  clients[0].create('/tasks');
  for (let i = 0; ; i++) watchNew(clients[i % clients.length], `/tasks/task-${i}`);
}

function watchNew(client, path) {
  client.create(path);
  client.read('getData', path, true);
  client.read('getChildren2', path, true);
}

/** Sessions, each of a host of its own, that begin and are never heard of again: four packets each. */
export function sessions(writer) {
  const world = new World(writer);
  for (let i = 0; ; i++) world.conversation(i).connect();
}

/** The same behind one address: its ports are used again and again. */
export function sessionsOfOneHost(writer) {
  const world = new World(writer);
  for (let i = 0; ; i++) world.conversation(0, 1024 + (i % 60_000)).connect();
}

/** Requests of one connection that are acknowledged now and then, and never answered. */
export function unanswered(writer) {
  const world = new World(writer);
  const client = world.conversation(0).connect();
  for (let i = 1; ; i++) {
    client.say(client.readRequest('getData', `/configuration/setting-${i % 100}`, false));
    if (i % 100 === 0) client.tcp.acknowledge(world.tick(), 'server');
  }
}

/** Requests of one connection that are answered in reverse order, four thousand at a time: no server does that. */
export function reversed(writer) {
  const world = new World(writer);
  const client = world.conversation(0).connect();
  world.ensemble.create(client.session, 0, '/configuration', Buffer.from('x'));
  for (;;) {
    for (let i = 0; i < 4000; i++) client.say(client.readRequest('getData', '/configuration', false));
    for (let i = 0; i < 4000; i++) {
      client.answer(world.ensemble.getData(client.session, client.xid - i, '/configuration', false));
    }
  }
}

/**
 * Sessions that all watch one znode, six packets each; with a seventh of the packets left it changes once, and all are
 * told of it.
 */
export function watchers(writer) {
  const world = new World(writer);
  const writerSession = world.conversation(0).connect();
  writerSession.create('/leader');
  for (let i = 1; writer.packets < (writer.limit * 6) / 7; i++) {
    world.conversation(i).connect().read('getData', '/leader', true);
  }
  for (;;) writerSession.setData('/leader', Buffer.from('y'));
}

/** A session for every 200 packets; all watch one list, which changes again and again, and all read it each time. */
export function herd(writer) {
  const world = new World(writer);
  const maker = world.conversation(0).connect();
  maker.create('/services');
  const woken = [];
  const count = Math.max(10, Math.floor(writer.limit / 200));
  for (let i = 1; i <= count; i++) {
    const client = world.conversation(i).connect(30_000, () => woken.push(client));
    client.read('getChildren2', '/services', true);
  }
  for (let i = 0; ; i++) {
    maker.create(`/services/provider-${i}`);
    for (const client of woken.splice(0)) client.read('getChildren2', '/services', true);
  }
}

/** Four hundred connections that each announce 100 MB of data for a znode, and send it in turn. */
export function announced(writer) {
  const world = new World(writer);
  const clients = Array.from({ length: 400 }, (_, i) => world.conversation(i).connect());
  const path = Buffer.from('/large');
  const header = Buffer.alloc(20 + path.length);
  header.writeInt32BE(100_000_000, 0);
  header.writeInt32BE(1, 4);
  header.writeInt32BE(5, 8);
  header.writeInt32BE(path.length, 12);
  path.copy(header, 16);
  header.writeInt32BE(100_000_000 - 8 - 4 - path.length - 4 - 4, 16 + path.length);
  for (const client of clients) client.say(header);
  const part = Buffer.alloc(14_480, 0x61);
  for (;;) for (const client of clients) client.say(part);
}

/** Ever new paths of 20,000 characters and the same length, each asked for once: 28 packets each. */
export function longPaths(writer) {
  const world = new World(writer);
  const client = world.conversation(0).connect();
  const rest = 'x'.repeat(19_000);
  for (let i = 0; ; i++) {
    client.say(client.readRequest('exists', `/${rest}${String(i).padStart(1000, '0')}`, true));
    // NoNode, without asking the ensemble: its own Map of paths would be as slow.
    client.answer(world.jute.int(client.xid).long(1).int(-101).finish());
  }
}

/**
 * Long names, of 1,000 characters unless told otherwise: nearly as many sessions as are kept, in turn, each of which creates
 * an ephemeral of such a name, watches another, which is not there, and asks for a third without being answered.
 */
export function longNames(writer, length = 1000) {
  const world = new World(writer);
  const clients = Array.from({ length: 19_000 }, (_, i) => world.conversation(i).connect());
  const rest = 'x'.repeat(length - 20);
  for (let i = 0; ; i++) {
    const client = clients[i % clients.length];
    const name = `/${rest}${String(i).padStart(12, '0')}`;
    client.say(client.createRequest(`${name}e`, NOTHING, 1));
    // Without asking the ensemble, which would have to remember them all.
    client.answer(world.jute.int(client.xid).long(i).int(0).string(`${name}e`).finish());
    client.say(client.readRequest('exists', `${name}w`, true));
    client.answer(world.jute.int(client.xid).long(i).int(-101).finish());
    client.say(client.readRequest('exists', `${name}u`, false));
  }
}

/** The same with names nearly as long as any that stand as they are (see LONGEST_NAME in stringTable.ts). */
export function longestNames(writer) {
  longNames(writer, 15_000);
}

/**
 * One list of 64 children with names of 15,000 characters, which changes each time: many sessions read it, are told, read it
 * without a watch and then with one.
 */
export function longChildren(writer) {
  const world = new World(writer);
  const clients = Array.from({ length: 1000 }, (_, i) => world.conversation(i).connect());
  const rest = 'x'.repeat(15_000 - 12);
  let serial = 0;
  const list = () => {
    world.jute.int(64);
    for (let i = 0; i < 64; i++) world.jute.string(`${rest}${String(serial++).padStart(12, '0')}`);
  };
  const read = (client, path, watch) => {
    client.say(client.readRequest('getChildren', path, watch));
    world.jute.int(client.xid).long(serial).int(0);
    list();
    client.answer(world.jute.finish());
  };
  for (let round = 0; ; round++) {
    for (const [i, client] of clients.entries()) {
      const path = `/queue-${i % 500}-${round >>> 2}`;
      read(client, path, true);
      client.answer(world.jute.int(-1).long(-1).int(0).int(4).int(3).string(path).finish());
      client.tcp.acknowledge(world.tick(), 'client');
      read(client, path, false);
      read(client, path, true);
    }
  }
}

/** Sessions that go from connection to connection, each of which watches a znode of its own: eight packets each. */
export function reconnects(writer) {
  const world = new World(writer);
  const clients = Array.from({ length: 5000 }, (_, i) => world.conversation(i).connect());
  for (let round = 1; ; round++) {
    for (const [i, { session }] of clients.entries()) {
      const client = world.conversation(i, 40_000 + (round % 20_000));
      client.tcp.synchronise(world.tick());
      client.tcp.accept(world.tick());
      client.say(world.jute.int(0).long(0).int(30_000).long(session.id).bytes(Buffer.alloc(16)).bool(false).finish());
      client.answer(world.ensemble.connected(session, 30_000));
      client.say(client.readRequest('exists', `/watched-${i}-${round}`, true));
      client.answer(world.jute.int(client.xid).long(1).int(-101).finish());
    }
  }
}

/** Requests of one connection without answers, whose xids share a chain in a Map that does not turn them first. */
export function collidingXids(writer) {
  const world = new World(writer);
  const client = world.conversation(0).connect();
  for (let xid = 1; ; xid++) {
    if ((plainHash(xid) & 0xfff) !== 0) continue;
    client.say(client.readRequest('getData', '/configuration', false, xid));
  }
}

/** V8's hash of a small integer (ComputeUnseededHash). */
function plainHash(key) {
  let hash = (~key + (key << 15)) >>> 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) >>> 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057) >>> 0;
  return (hash ^ (hash >>> 16)) & 0x3fffffff;
}

/** Twenty thousand connections of which something acknowledged was not captured, one every few microseconds. */
export function doubts(writer) {
  const world = new World(writer, 10);
  const clients = Array.from({ length: 19_000 }, (_, i) => world.conversation(i).connect());
  for (;;) {
    for (const client of clients) {
      client.tcp.lose('client', 40);
      client.tcp.acknowledge(world.tick(), 'server');
    }
  }
}

/** TLS handshakes that nobody has keys for, each of a connection and host of its own: five packets, the last an alert. */
export function tlsHandshakes(writer) {
  const world = new World(writer);
  const random = Buffer.alloc(32);
  const unknownCa = Buffer.from('15030300020230', 'hex');
  for (let i = 0; ; i++) {
    random.writeUInt32BE(i);
    const { client, server } = hellos(random);
    const { tcp } = world.conversation(i, 1024 + (i % 60_000));
    tcp.synchronise(world.tick());
    tcp.accept(world.tick());
    tcp.send(world.tick(), 'client', client);
    tcp.send(world.tick(), 'server', server);
    tcp.send(world.tick(), 'client', unknownCa);
  }
}
