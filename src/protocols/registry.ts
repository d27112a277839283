import { etcd } from './etcd/index.js';
import { quorum } from './quorum/index.js';
import { tls } from './tls/index.js';
import { zookeeper } from './zookeeper/index.js';

/**
 * Every protocol that zkscope decodes: a new one is added here, and nowhere else. State in them is one run's. The type is
 * left to the compiler, which so knows the fields of each.
 */
export function allProtocols() {
  return [zookeeper(), ...quorum(), etcd(), tls()];
}
