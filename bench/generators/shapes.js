import { Client, Simulation } from './simulation.js';

const FIRST_PORT = 32_768;
const PORTS = 28_000;
const SEED = 2181;
/** Where segmentation is offloaded, a capture on the host shows messages of this size in one packet. */
const OFFLOADED = 16_000;

/**
 * Every packet carries a message: 300 sessions read without rest; 60 services of 200 providers, whose lists are watched
 * by ten sessions each; 50 watched configuration nodes for each session.
 */
export function dense(writer) {
  denseOver(new Simulation(writer, SEED, OFFLOADED));
}

/** The same over TLS 1.3, with a key log beside the capture. */
export function denseTls(writer) {
  denseOver(new Simulation(writer, SEED, OFFLOADED, true));
}

function denseOver(simulation) {
  const { schedule } = simulation;
  const services = Array.from({ length: 60 }, (_, i) => `/services/service-${i}`);
  const configuration = Array.from({ length: 6000 }, (_, i) => `/configuration/application-${i % 50}-setting-${i}`);
  prepare(simulation, [...services, ...configuration], () => {
    for (let i = 0; i < 300; i++) schedule.after(i * 2000, () => denseClient(simulation, services, configuration, i));
  });
  schedule.run();
}

function denseClient(simulation, services, configuration, number) {
  const { random, schedule } = simulation;
  const client = new Client(simulation, number >> 2, FIRST_PORT + number);
  const own = [];
  const provide = (done) => {
    const path = `${services[number % services.length]}/provider-`;
    const data = Buffer.from(`{"address":"10.128.${number >> 2}.7","port":${20_000 + number}}`);
    client.create(path, data, { ephemeral: true, sequential: true }, () => {
      own.push(simulation.ensemble.childrenOf(path.slice(0, path.lastIndexOf('/'))).at(-1));
      done();
    });
  };
  client.onEvent = (type, path) => {
    if (client.closed) return;
    if (path.startsWith('/services/')) client.getChildren2(path, true, nothing);
    else client.getData(path, true, nothing);
  };
  const step = () => {
    const chance = random.next();
    const next = () => schedule.after(random.between(2000, 30_000), step);
    const setting = configuration[(number * 20 + random.below(50)) % configuration.length];
    if (chance < 0.45) client.getData(setting, true, next);
    else if (chance < 0.75) client.exists(setting, true, next);
    else if (chance < 0.85) client.getChildren2(services[(number + random.below(2)) % services.length], true, next);
    else if (chance < 0.99) client.setData(setting, Buffer.alloc(40 + random.below(200), 97 + random.below(26)), next);
    else if (own.length < 45) provide(next);
    else client.delete(`${services[number % services.length]}/${own.shift()}`, next);
  };
  client.connect(30_000, () => {
    const first = (left) => (left === 0 ? step() : provide(() => first(left - 1)));
    first(40);
  });
}

/** 5,000 sessions, each of a host of its own, that watch a node, and then mostly ping. */
export function idle(writer) {
  const simulation = new Simulation(writer, SEED);
  const { random, schedule } = simulation;
  const nodes = Array.from({ length: 1000 }, (_, i) => `/configuration/setting-${i}`);
  prepare(simulation, nodes, () => {
    for (let i = 0; i < 5000; i++) {
      schedule.after(i * 2000, () => {
        const client = new Client(simulation, i, FIRST_PORT + i);
        const node = nodes[i % nodes.length];
        client.onEvent = (_type, path) => client.getData(path, true, nothing);
        const live = () => {
          const next = () => schedule.after(random.between(9.9e6, 10e6), live);
          if (random.next() < 0.01) client.exists(node, true, next);
          else if (random.next() < 0.0002) client.setData(node, Buffer.alloc(50, 97 + random.below(26)), next);
          else client.ping(next);
        };
        client.connect(30_000, () => client.getData(node, true, () => client.exists(node, true, live)));
      });
    }
  });
  schedule.run();
}

/** 30,000 short connections in a million packets: a handshake, ten requests, an orderly end. */
export function wide(writer) {
  const simulation = new Simulation(writer, SEED);
  const { random, schedule } = simulation;
  const nodes = Array.from({ length: 500 }, (_, i) => `/jobs/job-${i}`);
  let number = 0;
  const start = () => {
    const client = new Client(simulation, number % 3000, FIRST_PORT + (number % PORTS));
    const node = nodes[random.below(nodes.length)];
    const lock = `${node}/running-${number}`;
    number++;
    const steps = [
      (next) => client.exists(node, false, next),
      (next) => client.getData(node, false, next),
      (next) => client.create(lock, Buffer.from('running'), { ephemeral: true }, next),
      (next) => client.getChildren2(node, false, next),
      (next) => client.getData(node, false, next),
      (next) => client.exists(node, false, next),
      (next) => client.setData(node, Buffer.from(`run ${number}`), next),
      (next) => client.getData(node, false, next),
      (next) => client.delete(lock, next),
      (next) => client.exists(node, false, next),
      () => client.close(nothing),
    ];
    const go = (i) => steps[i](() => schedule.after(random.between(500, 3000), () => go(i + 1)));
    client.connect(10_000, () => go(0));
    schedule.after(random.between(5000, 15_000), start);
  };
  prepare(simulation, nodes, start);
  schedule.run();
}

/** Makes the nodes, and those above them, by a session of its own. */
function prepare(simulation, paths, done) {
  const client = new Client(simulation, 60_000, FIRST_PORT);
  const above = [...new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))))];
  const all = [...above, ...paths];
  const make = (i) => {
    if (i === all.length) client.close(done);
    else client.create(all[i], Buffer.from(`made ${i}`), {}, () => make(i + 1));
  };
  client.connect(30_000, () => make(0));
}

function nothing() {
  // The answer is of no interest.
}
