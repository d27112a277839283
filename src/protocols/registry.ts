import type { Connection } from '../network/connection.js';
import type { FieldTable } from './field.js';
import { etcd } from './etcd/index.js';
import type { Protocol } from './protocol.js';
import { quorum } from './quorum/index.js';
import { tls } from './tls/index.js';
import type { KeyStore } from './tls/keys/keyStore.js';
import { zookeeper } from './zookeeper/index.js';

/**
 * Every protocol that zkscope decodes: a new one is added here, and nowhere else. State in them is one run's. The type is
 * left to the compiler, which so knows the fields of each.
 * @param keys what TLS is read with
 * @param epoch gives epoch seconds of a time of the run, which certificates are held against
 */
export function allProtocols(keys?: KeyStore, epoch?: (time: number) => number) {
  return [zookeeper(), ...quorum(), etcd(), tls(keys, epoch)];
}

type MessageOf<P> = P extends Protocol<FieldTable, infer Of> ? Of : never;

/** A message of any of them, told apart by `protocol`. */
export type Message = MessageOf<ReturnType<typeof allProtocols>[number]>;

/** The same with the connection that it came on, as decoders tell it: the wall (observations/) takes that off. */
export type ConnectedMessage = Message & { readonly connection: Connection };
