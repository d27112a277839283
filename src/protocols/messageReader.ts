import { CaptureSet, type CaptureSetOptions, type PartialInput } from '../capture/captureSet.js';
import type { CaptureInfo } from '../capture/captureInfo.js';
import { Clock } from '../capture/clock.js';
import type { Frame } from '../capture/frame.js';
import { DECODED_LINE } from '../capture/frameReader.js';
import type { Connection } from '../network/connection.js';
import { EndpointTable } from '../network/address.js';
import { Dissector } from '../network/dissector.js';
import type { Segment } from '../network/segment.js';
import { TcpReassembly } from '../network/tcp.js';
import type { Protocol } from './protocol.js';
import { allProtocols } from './registry.js';
import { KeyStore } from './tls/keys/keyStore.js';
import { Router, type ConnectionSink, type ServerPort } from './router.js';

export interface MessageReaderOptions extends CaptureSetOptions {
  readonly clock?: Clock;
  /** Server ports that carry ZooKeeper whatever their bytes look like. */
  readonly zookeeperPorts?: readonly number[];
  /** The same for any protocol. */
  readonly ports?: readonly ServerPort[];
  readonly protocols?: readonly Protocol[];
  /** Keys that TLS is read with; those that the captures hold are added. */
  readonly tlsKeys?: KeyStore;
  /** Leaves out the frames for which it is false, as if they had not been captured. */
  readonly accepts?: (frame: number) => boolean;
  /** Called for each TCP segment when all that follows from it was told. */
  readonly onSegment?: (segment: Segment, connection: Connection) => void;
  /** Called for each decoded line, where inputs hold such in place of packets. `input` counts the inputs from 0. */
  readonly onLine?: (line: Readonly<Record<string, unknown>>, time: number, input: number) => void;
}

/** The way from captures to messages: reads, takes apart, reassembles, decodes, and hands all to one sink. */
export class MessageReader {
  readonly clock: Clock;
  readonly dissector: Dissector;
  readonly tcp: TcpReassembly;
  private readonly set: CaptureSet;
  private readonly onLine: MessageReaderOptions['onLine'];
  private readonly accepts: MessageReaderOptions['accepts'];
  private readonly endpoints = new EndpointTable();
  private lastFrame = 0;
  private lastTime = 0;

  constructor(inputs: readonly PartialInput[], sink: ConnectionSink, options: MessageReaderOptions = {}) {
    this.clock = options.clock ?? new Clock();
    const zookeeper = (options.zookeeperPorts ?? []).map((port) => ({ port, protocol: 'zookeeper' }));
    const ports = [...zookeeper, ...(options.ports ?? [])];
    const keys = options.tlsKeys ?? new KeyStore();
    const epoch = (time: number): number => this.clock.epochSeconds(time);
    const router = new Router(options.protocols ?? allProtocols(keys, epoch), sink, { ports });
    const tcp = new TcpReassembly(router);
    this.tcp = tcp;
    const { onSegment, secrets: also } = options;
    this.dissector = new Dissector(
      onSegment === undefined
        ? (segment) => {
            if (this.counts(segment)) tcp.segment(segment);
          }
        : (segment) => {
            if (!this.counts(segment)) return;
            tcp.segment(segment);
            const connection = tcp.placeOf(segment)?.connection;
            if (connection !== undefined) onSegment(segment, connection);
          },
    );
    const secrets = (file: string): ((bytes: Buffer) => void) => {
      const take = keys.capture(file);
      const takeToo = also?.(file);
      if (takeToo === undefined) return take;
      return (bytes) => {
        take(bytes);
        takeToo(bytes);
      };
    };
    this.onLine = options.onLine;
    this.accepts = options.accepts;
    this.set = new CaptureSet(inputs, this.clock, { ...options, secrets });
  }

  /** Of a connection that was captured at both ends each byte counts once: as the client's end saw it. */
  private counts(segment: Segment): boolean {
    const { hosts } = this.clock;
    if (hosts.pairs === null) return true;
    const [source, destination] = [this.endpoints.source(segment).text, this.endpoints.destination(segment).text];
    return hosts.counts(hosts.indexOfFrame(segment.frame), source, destination);
  }

  get captures(): readonly CaptureInfo[] {
    return this.set.captures;
  }

  /** Number and time of the latest frame. */
  get last(): { readonly frame: number; readonly time: number } {
    return { frame: this.lastFrame, time: this.lastTime };
  }

  /**
   * Reads everything. `afterChunk` is awaited between chunks: let the output drain there. Throws CaptureError where an
   * input cannot be read at all. An aborted `signal` ends it early, as the end of the capture would.
   */
  async read(afterChunk?: () => Promise<void> | void, signal?: AbortSignal): Promise<void> {
    const { dissector, onLine, accepts } = this;
    const onFrame = (frame: Frame): void => {
      if (accepts?.(frame.number) === false) return;
      this.clock.firstTime ??= frame.time;
      if (frame.linkType === DECODED_LINE) {
        onLine?.(frame.line!, frame.time, frame.input);
        return;
      }
      this.lastFrame = frame.number;
      this.lastTime = frame.time;
      dissector.frame(frame);
    };
    await this.set.read(onFrame, afterChunk, signal);
    dissector.end();
    this.tcp.end(this.lastFrame, this.lastTime);
    await afterChunk?.();
  }
}
