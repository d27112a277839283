import { TO_SERVER, type Direction } from '../../../network/connection.js';
import type { ClientHello, ServerHello } from '../handshake/hello.js';
import type { KeyStore } from '../keys/keyStore.js';
import type { SecretLabel } from '../keys/keyLine.js';
import { TLS_1_3 } from '../names.js';
import { cipherSuite, type CipherSuite } from './cipherSuites.js';
import { keyBlock, MASTER_LENGTH, masterSecret, nextTrafficSecret, trafficKeys } from './keySchedule.js';
import { recordCipher, type RecordCipher } from './recordCipher.js';

/** Which keys protect a record: in TLS 1.3 they change within the handshake, before it there is one kind. */
export type Epoch = 'early' | 'handshake' | 'application';

/** A cipher, and in TLS 1.3 the secret that it came from. */
export interface EpochCipher {
  readonly epoch: Epoch;
  readonly cipher: RecordCipher;
  readonly secret: Buffer | null;
}

const LABELS: Readonly<Record<Epoch, readonly [toServer: SecretLabel, toClient: SecretLabel | null]>> = {
  early: ['CLIENT_EARLY_TRAFFIC_SECRET', null],
  handshake: ['CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'SERVER_HANDSHAKE_TRAFFIC_SECRET'],
  application: ['CLIENT_TRAFFIC_SECRET_0', 'SERVER_TRAFFIC_SECRET_0'],
};

const HASH_LENGTH = { sha256: 32, sha384: 48 } as const;
/**
 * Handshake messages that are kept until the ClientKeyExchange, for a premaster secret with RFC 7627.
 * @bound bytes
 */
const MAX_TRANSCRIPT = 128 * 1024;
/** An RSA key exchange is filed under the first bytes of the encrypted premaster secret. */
const RSA_OWNER = 8;

/**
 * Ciphers of one connection: what its hellos agreed on, and what the key store has for the client's random. Says only
 * whether there is a key, never which.
 */
export class SessionKeys {
  private client: ClientHello | null = null;
  private server: ServerHello | null = null;
  private suite: CipherSuite | null = null;
  private master: Buffer | null = null;
  /** First bytes of the encrypted premaster secret. */
  private rsaOwner: string | null = null;
  private transcript: Buffer[] | null = [];
  private transcriptLength = 0;

  constructor(private readonly store: KeyStore) {}

  /** A ClientHello: the first, the one after a HelloRetryRequest, or that of a renegotiation. */
  clientHello(hello: ClientHello): void {
    if (this.server !== null) {
      this.transcript = [];
      this.transcriptLength = 0;
    }
    this.client = hello;
    this.server = null;
    this.suite = null;
    this.master = null;
    this.rsaOwner = null;
  }

  serverHello(hello: ServerHello): void {
    this.server = hello;
    this.suite = cipherSuite(hello.cipherSuite);
    if (this.suite?.rsaKeyExchange !== true) this.transcript = null;
  }

  /** Every handshake message in clear, its header included, in order. */
  handshakeMessage(message: Buffer): void {
    if (this.transcript === null || this.hopeless) return;
    this.transcriptLength += message.length;
    if (this.transcriptLength > MAX_TRANSCRIPT) this.transcript = null;
    else this.transcript.push(Buffer.from(message));
  }

  /** Body of a ClientKeyExchange: for RSA the encrypted premaster secret <2>. */
  clientKeyExchange(body: Buffer): void {
    if (this.suite?.rsaKeyExchange === true && body.length >= 2 + RSA_OWNER) {
      this.rsaOwner = body.toString('latin1', 2, 2 + RSA_OWNER);
    }
  }

  /** There is no key to be had, for this connection or any. */
  get hopeless(): boolean {
    return this.store.empty;
  }

  /** Both hellos are known: it can be told whether there is a key. */
  get agreed(): boolean {
    return this.client !== null && this.server !== null;
  }

  /** The suite is one whose records can be opened. */
  get supported(): boolean {
    return this.suite !== null;
  }

  get modern(): boolean {
    return this.server?.version === TLS_1_3;
  }

  /** The cipher of a direction in an epoch; null where there is no key for it (yet). */
  cipher(direction: Direction, epoch: Epoch): EpochCipher | null {
    const { suite, server } = this;
    if (suite === null || server === null || this.client === null) return null;
    if (this.modern) {
      const label = LABELS[epoch][direction];
      const found = label === null ? null : this.find(label);
      if (found?.length !== HASH_LENGTH[suite.hash]) return null;
      return this.modernCipher(epoch, found);
    }
    const master = (this.master ??= this.findMaster());
    if (master === null) return null;
    const randoms = { client: this.client.random, server: server.random };
    const keys = keyBlock(server.version, suite, master, randoms)[direction === TO_SERVER ? 0 : 1];
    return {
      epoch,
      cipher: recordCipher(server.version, suite, keys, server.encryptThenMac),
      secret: null,
    };
  }

  /** The cipher behind a KeyUpdate. */
  next({ epoch, secret }: EpochCipher): EpochCipher | null {
    if (secret === null || this.suite === null) return null;
    return this.modernCipher(epoch, nextTrafficSecret(this.suite, secret));
  }

  private modernCipher(epoch: Epoch, secret: Buffer): EpochCipher {
    const suite = this.suite!;
    return { epoch, cipher: recordCipher(TLS_1_3, suite, trafficKeys(suite, secret), false), secret };
  }

  private find(label: SecretLabel, owner = this.client!.random.toString('latin1')): Buffer | null {
    const found = this.store.find(owner, label);
    return found === null ? null : Buffer.from(found, 'latin1');
  }

  private findMaster(): Buffer | null {
    const master = this.find('CLIENT_RANDOM');
    if (master !== null) return master.length === MASTER_LENGTH ? master : null;
    const premaster =
      (this.rsaOwner === null ? null : this.find('RSA', this.rsaOwner)) ?? this.find('PMS_CLIENT_RANDOM');
    if (premaster === null) return null;
    const { client, server, suite, transcript } = this;
    const extended = server!.extendedMasterSecret;
    if (extended && transcript === null) return null;
    const randoms = { client: client!.random, server: server!.random };
    const said = extended ? Buffer.concat(transcript!) : null;
    return masterSecret(server!.version, suite!.hash, premaster, randoms, said);
  }
}
