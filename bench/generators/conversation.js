import { Ensemble } from './ensemble.js';
import { JuteWriter } from './jute.js';
import { Random } from './random.js';
import { OP, SERVER_ADDRESS, START, ZOOKEEPER_PORT } from './simulation.js';
import { TcpConnection } from './tcpConnection.js';

const FIRST_CLIENT = 0x0a800000 + 256;
const PASSWORD = Buffer.alloc(16);

/** An ensemble and a clock that goes on by a step with every packet: for shapes in which one thing happens at a time. */
export class World {
  now = START;
  random = new Random(2181);
  jute = new JuteWriter();
  ensemble = new Ensemble(() => this.now);
  writer;
  #step;

  /** `step` is in microseconds. */
  constructor(writer, step = 50) {
    this.writer = writer;
    this.#step = step;
  }

  tick() {
    return (this.now += this.#step);
  }

  /** A conversation from a host, given as a number from 0 (there are eight million), with the one server. */
  conversation(host, port = 40_000) {
    return new Conversation(this, host, port);
  }
}

/** One connection of a client, and what is said on it; every request is answered at once unless told otherwise. */
export class Conversation {
  session;
  xid = 0;
  tcp;
  #world;

  constructor(world, host, port) {
    this.#world = world;
    const client = { address: FIRST_CLIENT + host, port };
    const server = { address: SERVER_ADDRESS, port: ZOOKEEPER_PORT };
    this.tcp = new TcpConnection(world.writer, client, server, world.random);
  }

  /** SYN, SYN-ACK, the connect request (which acknowledges) and its answer: four packets. */
  connect(timeout = 30_000, onEvent = () => undefined) {
    const { jute, ensemble } = this.#world;
    this.tcp.synchronise(this.#world.tick());
    this.tcp.accept(this.#world.tick());
    this.session = ensemble.openSession((bytes, type, path) => {
      this.answer(bytes);
      onEvent(type, path);
    });
    this.say(jute.int(0).long(0).int(timeout).long(0).bytes(PASSWORD).bool(false).finish());
    this.answer(ensemble.connected(this.session, timeout));
    return this;
  }

  say(bytes) {
    this.tcp.send(this.#world.tick(), 'client', bytes);
  }

  answer(bytes) {
    this.tcp.send(this.#world.tick(), 'server', bytes);
  }

  /** A read's request: exists, getData or getChildren2. */
  readRequest(op, path, watch, xid = ++this.xid) {
    return this.#world.jute.int(xid).int(OP[op]).string(path).bool(watch).finish();
  }

  read(op, path, watch) {
    this.say(this.readRequest(op, path, watch));
    this.answer(this.#world.ensemble[op](this.session, this.xid, path, watch));
  }

  createRequest(path, data, flags = 0, xid = ++this.xid) {
    const jute = this.#world.jute.int(xid).int(OP.create).string(path).bytes(data);
    return jute.int(1).int(31).string('world').string('anyone').int(flags).finish();
  }

  create(path, data = Buffer.from('x'), options = {}) {
    const flags = (options.ephemeral ? 1 : 0) + (options.sequential ? 2 : 0);
    this.say(this.createRequest(path, data, flags));
    this.answer(this.#world.ensemble.create(this.session, this.xid, path, data, options));
  }

  delete(path) {
    this.say(this.#world.jute.int(++this.xid).int(OP.delete).string(path).int(-1).finish());
    this.answer(this.#world.ensemble.delete(this.session, this.xid, path));
  }

  setData(path, data) {
    this.say(this.#world.jute.int(++this.xid).int(OP.setData).string(path).bytes(data).int(-1).finish());
    this.answer(this.#world.ensemble.setData(this.xid, path, data));
  }
}
