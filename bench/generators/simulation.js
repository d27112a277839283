import { Ensemble } from './ensemble.js';
import { JuteWriter } from './jute.js';
import { Random } from './random.js';
import { Schedule } from './schedule.js';
import { TcpConnection } from './tcpConnection.js';
import { TlsConnection } from './tlsConnection.js';

/** 2026-11-20T23:00:00Z, in microseconds. */
export const START = 1_795_215_600_000_000;
export const SERVER_ADDRESS = 0x0a4d000b;
const SERVERS = 3;
export const ZOOKEEPER_PORT = 2181;
const SECURE_PORT = 2281;
const DELAYED_ACK = 40_000;
export const OP = {
  create: 1,
  delete: 2,
  exists: 3,
  getData: 4,
  setData: 5,
  ping: 11,
  getChildren: 8,
  getChildren2: 12,
  closeSession: -11,
};

/** An ensemble, its clients and a network between them, whose packets go into a capture as they are sent. */
export class Simulation {
  random;
  schedule = new Schedule(START);
  ensemble = new Ensemble(() => this.schedule.now);
  jute = new JuteWriter();
  writer;
  #largest;
  #tls;
  #connections = 0;

  /**
   * `largest` is the most payload that one packet carries: 1448 on a wire, more where segmentation is offloaded. With
   * `tls` all is said over TLS, and the writer is given the key log.
   */
  constructor(writer, seed, largest = 1448, tls = false) {
    this.#tls = tls;
    this.writer = writer;
    this.random = new Random(seed);
    this.#largest = largest;
  }

  /** A connection from a host, given as a number from 0, to the server whose turn it is. */
  connection(host, port) {
    const client = { address: 0x0a800000 + 256 + host, port };
    const server = {
      address: SERVER_ADDRESS + ((host + port) % SERVERS),
      port: this.#tls ? SECURE_PORT : ZOOKEEPER_PORT,
    };
    const tcp = [this.writer, client, server, this.random, this.#largest];
    if (!this.#tls) return new TcpConnection(...tcp);
    return new TlsConnection(this.schedule, this.#connections++, (line) => this.writer.keyLog(line), ...tcp);
  }
}

/**
 * One session on one connection, in the manner of the Java client. `done` is called when the answer has come,
 * `onEvent(type, path)` when a watch has fired.
 */
export class Client {
  onEvent = () => undefined;
  closed = false;
  #simulation;
  #connection;
  #session;
  #xid = 0;
  #acknowledging = false;
  #jute;

  constructor(simulation, host, port) {
    this.#simulation = simulation;
    this.#jute = simulation.jute;
    this.#connection = simulation.connection(host, port);
  }

  connect(timeout, done) {
    const { schedule, ensemble } = this.#simulation;
    this.#connection.open(schedule, () => {
      const request = this.#jute.int(0).long(0).int(timeout).long(0).bytes(Buffer.alloc(16)).bool(false).finish();
      this.#ask(
        request,
        2000,
        () => {
          this.#session = ensemble.openSession((bytes, type, path) => {
            this.#answer(bytes);
            schedule.after(300, () => this.onEvent(type, path));
          });
          return ensemble.connected(this.#session, timeout);
        },
        done,
      );
    });
  }

  create(path, data, options, done) {
    const xid = ++this.#xid;
    const flags = (options.ephemeral ? 1 : 0) + (options.sequential ? 2 : 0);
    const jute = this.#jute.int(xid).int(OP.create).string(path).bytes(data);
    jute.int(1).int(31).string('world').string('anyone').int(flags);
    this.#write(jute, (ensemble, session) => ensemble.create(session, xid, path, data, options), done);
  }

  delete(path, done) {
    const xid = ++this.#xid;
    const jute = this.#jute.int(xid).int(OP.delete).string(path).int(-1);
    this.#write(jute, (ensemble, session) => ensemble.delete(session, xid, path), done);
  }

  setData(path, data, done) {
    const xid = ++this.#xid;
    const jute = this.#jute.int(xid).int(OP.setData).string(path).bytes(data).int(-1);
    this.#write(jute, (ensemble) => ensemble.setData(xid, path, data), done);
  }

  exists(path, watch, done) {
    this.#read('exists', path, watch, done);
  }

  getData(path, watch, done) {
    this.#read('getData', path, watch, done);
  }

  getChildren2(path, watch, done) {
    this.#read('getChildren2', path, watch, done);
  }

  ping(done) {
    this.#ask(this.#jute.int(-2).int(OP.ping).finish(), 200, () => this.#simulation.ensemble.ping(), done);
  }

  /** Ends the session, then the connection. */
  close(done) {
    const { schedule } = this.#simulation;
    const xid = ++this.#xid;
    const jute = this.#jute.int(xid).int(OP.closeSession);
    this.closed = true;
    this.#write(
      jute,
      (ensemble, session) => ensemble.closeSession(session, xid),
      () => {
        this.#connection.close(schedule, 'client', done);
      },
    );
  }

  #read(op, path, watch, done) {
    const xid = ++this.#xid;
    const request = this.#jute.int(xid).int(OP[op]).string(path).bool(watch).finish();
    this.#ask(request, 250, () => this.#simulation.ensemble[op](this.#session, xid, path, watch), done);
  }

  #write(jute, answer, done) {
    this.#ask(jute.finish(), 1500, () => answer(this.#simulation.ensemble, this.#session), done);
  }

  /** Sends a request, which the server works on for about `duration` microseconds. */
  #ask(request, duration, answer, done) {
    const { schedule, random } = this.#simulation;
    this.#connection.send(schedule.now, 'client', request);
    schedule.after(duration * random.between(0.5, 1.5), () => {
      this.#answer(answer());
      schedule.after(60, done);
    });
  }

  #answer(bytes) {
    const { schedule } = this.#simulation;
    this.#connection.send(schedule.now, 'server', bytes);
    if (this.#acknowledging) return;
    this.#acknowledging = true;
    schedule.after(DELAYED_ACK, () => {
      this.#acknowledging = false;
      if (!this.closed && this.#connection.unacknowledged.server > 0) {
        this.#connection.acknowledge(schedule.now, 'client');
      }
    });
  }
}
