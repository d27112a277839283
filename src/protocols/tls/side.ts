import type { Direction } from '../../network/connection.js';
import { HandshakeReader } from './handshake/handshakeReader.js';
import type { Epoch, EpochCipher, SessionKeys } from './crypto/sessionKeys.js';
import type { OpenedRecord } from './crypto/recordCipher.js';
import { HandshakeType, RecordType } from './names.js';
import { HeldRecords, type HoldBudget } from './records/heldRecords.js';
import { RECORD_HEADER, type RecordHandler, type RecordPlace } from './records/record.js';
import { RecordReader } from './records/recordReader.js';

/** What one direction tells. Bytes are valid during the call. */
export interface SideEvents {
  /** A handshake message: its type and the message with its header of 4 bytes; `closed` if it came encrypted. */
  handshakeMessage(direction: Direction, type: number, message: Buffer, place: RecordPlace, closed: boolean): void;
  alert(direction: Direction, level: number, description: number, place: RecordPlace, closed: boolean): void;
  /** This side encrypts from here on (in TLS 1.3 this is said for old middleboxes only). */
  changeCipherSpec(direction: Direction, place: RecordPlace): void;
  /** An encrypted record, of so many bytes, opened or not. */
  encrypted(direction: Direction, length: number, place: RecordPlace): void;
  /** Application data. */
  text(direction: Direction, text: Buffer, place: RecordPlace): void;
  /**
   * Application data of so many bytes is missing before position `before` of the TCP stream; `exact` where the number is
   * known and not estimated.
   */
  lost(direction: Direction, bytes: number, exact: boolean, before: number, place: RecordPlace): void;
}

/** What became of a direction's encrypted records. */
export type SideState = 'clear' | 'waiting' | 'open' | 'no key' | 'key does not fit';

/** Application data of the client before the server has answered (0-RTT): offered, and what the server says to it. */
export interface EarlyData {
  offered: boolean;
  decided: boolean;
  accepted: boolean;
}

/**
 * How far numbers of records are tried after a loss.
 * @bound records
 */
const MAX_SKIPPED = 20_000;
/**
 * How often in all on one connection.
 * @bound trials
 */
const MAX_TRIALS = 100_000;
/** Header, tag and content type of the shortest record. */
const SHORTEST_RECORD = 22;
/** Records of the handshake that a loss may have swallowed together with others. */
const SPARE = 8;

/** One direction of a TLS connection: its records, the keys they are opened with, and where it stands. */
export class TlsSide implements RecordHandler {
  readonly reader: RecordReader;
  state: SideState = 'clear';
  /** Bytes of encrypted records that stayed closed; their headers are counted. */
  closedBytes = 0;
  closedRecords = 0;
  firstClosed: RecordPlace | null = null;
  /** Any record of TLS was seen. */
  seen = false;
  /** Bytes that could not be divided into records. */
  astrayBytes = 0;
  private readonly messages: HandshakeReader;
  private current: EpochCipher | null = null;
  private epoch: Epoch = 'handshake';
  /** Number of the next record under the current keys. */
  private sequence = 0;
  /** Up to TLS 1.2: this side has said that it encrypts. */
  private changed = false;
  /** Records that were opened, in all. */
  private opened = 0;
  private texts = 0;
  private trials = MAX_TRIALS;
  private readonly held: HeldRecords;
  /** Zeros behind each text so far, -1 where they differ: implementations pad by rule or not at all. */
  private padding: number | null = null;
  private place: RecordPlace = { firstFrame: 0, firstTime: 0, frame: 0, time: 0, streamEnd: 0 };
  private inClosed = false;
  /** What the latest search found: records passed over under the same keys, -1 where that is not known. */
  private skipped = -1;

  constructor(
    private readonly direction: Direction,
    private readonly keys: SessionKeys,
    private readonly events: SideEvents,
    atStart: boolean,
    private readonly early: EarlyData,
    budget: HoldBudget,
  ) {
    this.held = new HeldRecords(budget);
    this.reader = new RecordReader(this, atStart);
    this.messages = new HandshakeReader((type, message) => {
      this.handshakeMessage(type, message);
    });
  }

  /** Some record could be opened. */
  get everOpened(): boolean {
    return this.opened > 0;
  }

  /** There was a key, and no record that it opened. */
  get neverFit(): boolean {
    return this.opened === 0 && (this.state === 'key does not fit' || this.state === 'open') && this.closedRecords > 0;
  }

  /** Application data can be read from here on, and what is lost of it be told. */
  get opens(): boolean {
    return this.current !== null && this.epoch === 'application';
  }

  // Records

  wants(type: number): boolean {
    if (!this.isProtected(type)) return type === RecordType.HANDSHAKE || type === RecordType.ALERT;
    return this.current !== null || this.mayOpen();
  }

  /** Is a record of this type encrypted, by what is known? */
  private isProtected(type: number): boolean {
    return this.changed || type === RecordType.APPLICATION_DATA;
  }

  private mayOpen(): boolean {
    return !this.keys.hopeless && (this.state === 'clear' || this.state === 'waiting');
  }

  passed(type: number, length: number, place: RecordPlace): void {
    this.seen = true;
    if (this.isProtected(type)) {
      this.close(length, place);
      return;
    }
    if (type !== RecordType.CHANGE_CIPHER_SPEC) return;
    // One that comes before the server has chosen a version is TLS 1.3's, which means nothing by it.
    if (this.keys.agreed && !this.keys.modern) this.change();
    this.events.changeCipherSpec(this.direction, place);
  }

  private change(): void {
    this.changed = true;
    this.current = null;
    this.sequence = 0;
    this.epoch = 'application';
  }

  record(bytes: Buffer, start: number, end: number, place: RecordPlace): void {
    this.seen = true;
    this.place = place;
    const type = bytes[start]!;
    if (this.isProtected(type)) this.protectedRecord(bytes, start, end, place);
    else this.content(type, bytes.subarray(start + RECORD_HEADER, end), false);
  }

  private protectedRecord(bytes: Buffer, start: number, end: number, place: RecordPlace): void {
    const length = end - start - RECORD_HEADER;
    if (!this.waits() && this.held.count > 0) this.release();
    if (this.mayOpen() && this.current === null) {
      this.state = 'waiting';
      if (!this.held.add(bytes.subarray(start, end), place)) {
        this.giveUp('no key');
        this.count(end - start, place);
      }
    } else if (this.current === null) this.count(end - start, place);
    else this.open(bytes, start, end, place);
    this.events.encrypted(this.direction, length, place);
  }

  /** The record must wait: for the server's word on early data, for its hello, or for its key. */
  private waits(): boolean {
    if (this.current !== null) return false;
    if (!this.mayOpen()) return false;
    const { keys } = this;
    if (!keys.agreed || (this.early.offered && !this.early.decided)) return true;
    if (!keys.supported) {
      this.giveUp('no key');
      return false;
    }
    return !this.acquire();
  }

  private acquire(): boolean {
    if (this.early.offered && this.opened === 0 && this.early.accepted) this.epoch = 'early';
    this.current = this.keys.cipher(this.direction, this.epoch);
    if (this.current === null && this.epoch === 'early') {
      // Only the key of the early data is missing, which a key log has before all others: what follows can be read.
      this.current = this.keys.cipher(this.direction, 'handshake');
      if (this.current !== null) this.epoch = 'handshake';
    }
    if (this.current === null) return false;
    this.state = 'open';
    return true;
  }

  /** What waited can be decided now: the keys are there, or the server has spoken. */
  resume(): void {
    if (this.held.count > 0 && !this.waits()) this.release();
  }

  private release(): void {
    for (const { bytes, place } of this.held.take()) {
      this.place = place;
      if (this.current === null && this.waits()) this.held.add(bytes, place);
      else if (this.current === null) this.count(bytes.length, place);
      else this.open(bytes, 0, bytes.length, place);
    }
  }

  private giveUp(state: SideState): void {
    this.state = state;
    this.current = null;
    for (const { bytes, place } of this.held.take()) this.count(bytes.length, place);
  }

  private close(length: number, place: RecordPlace): void {
    if (this.state === 'clear' && this.keys.agreed) this.state = 'no key';
    this.count(RECORD_HEADER + length, place);
    this.events.encrypted(this.direction, length, place);
  }

  private count(bytes: number, place: RecordPlace): void {
    this.closedBytes += bytes;
    this.closedRecords++;
    this.firstClosed ??= place;
  }

  private open(bytes: Buffer, start: number, end: number, place: RecordPlace): void {
    const opened = this.current!.cipher.open(bytes, start, end, this.sequence);
    if (opened === null) {
      this.failed(end - start, place);
      return;
    }
    this.sequence++;
    this.opened++;
    this.notePadding(opened);
    this.place = place;
    this.content(opened.type, opened.text, true);
  }

  /** A tag or MAC does not agree: nothing of the record is believed. */
  private failed(bytes: number, place: RecordPlace): void {
    if (this.opened === 0) {
      // Early data that the server refuses, or that has no key: it is passed over.
      if (this.early.offered && this.epoch === 'handshake') {
        this.count(bytes, place);
        return;
      }
      this.count(bytes, place);
      this.giveUp('key does not fit');
      return;
    }
    this.sequence++;
    this.count(bytes, place);
    const length = this.textLength(bytes - RECORD_HEADER);
    this.events.lost(this.direction, length, this.exact, place.streamEnd, place);
  }

  private notePadding({ type, padding }: OpenedRecord): void {
    if (type !== RecordType.APPLICATION_DATA) return;
    this.texts++;
    this.padding = this.padding === null || this.padding === padding ? padding : -1;
  }

  private content(type: number, text: Buffer, closed: boolean): void {
    this.inClosed = closed;
    switch (type) {
      case RecordType.APPLICATION_DATA:
        if (text.length > 0) this.events.text(this.direction, text, this.place);
        break;
      case RecordType.HANDSHAKE:
        this.messages.text(text);
        break;
      case RecordType.ALERT:
        if (text.length >= 2) this.events.alert(this.direction, text[0]!, text[1]!, this.place, closed);
        break;
      case RecordType.CHANGE_CIPHER_SPEC:
        // A renegotiation has come to its end.
        if (closed && this.changed) this.change();
    }
  }

  private handshakeMessage(type: number, message: Buffer): void {
    const closed = this.inClosed;
    this.events.handshakeMessage(this.direction, type, message, this.place, closed);
    if (!closed || !this.keys.modern) return;
    if (type === HandshakeType.KEY_UPDATE && this.current !== null) this.turn(this.keys.next(this.current));
    else if (type === HandshakeType.END_OF_EARLY_DATA && this.epoch === 'early') this.enter('handshake');
    else if (type === HandshakeType.FINISHED && this.epoch === 'handshake') this.enter('application');
  }

  private enter(epoch: Epoch): void {
    this.epoch = epoch;
    this.turn(this.keys.cipher(this.direction, epoch));
    if (this.current === null) this.state = 'waiting';
  }

  private turn(next: EpochCipher | null): void {
    this.current = next;
    this.sequence = 0;
  }

  // Loss

  /** Bytes of text in a record of which only the length is known, or was. */
  private textLength(length: number): number {
    const most = this.current?.cipher.textLength(length) ?? 0;
    return Math.max(0, most - Math.max(0, this.padding ?? 0));
  }

  /** Text lengths follow from record lengths. */
  private get exact(): boolean {
    if (this.current === null) return false;
    return !this.current.cipher.pads || (this.keys.modern && this.texts > 1 && this.padding !== -1);
  }

  damaged(type: number, length: number, place: RecordPlace): void {
    this.seen = true;
    if (!this.isProtected(type)) {
      this.messages.clear();
      return;
    }
    if (this.held.count > 0 || this.current === null) {
      if (this.mayOpen()) this.giveUp('no key');
      return;
    }
    this.sequence++;
    this.messages.clear();
    this.events.lost(this.direction, this.textLength(length), this.exact, place.streamEnd, place);
  }

  get canProve(): boolean {
    return this.keys.agreed && (this.state === 'open' || this.state === 'clear') && this.trials > 0;
  }

  proves(bytes: Buffer, start: number, end: number, lost: number): boolean {
    const { keys } = this;
    const room = Math.min(MAX_SKIPPED, Math.floor(lost / SHORTEST_RECORD) + 1);
    if (this.current !== null) {
      const found = this.tries(this.current, bytes, start, end, this.sequence, room);
      if (found >= 0) {
        this.skipped = this.epoch === 'application' ? found - this.sequence : -1;
        this.sequence = found;
        return true;
      }
    }
    // The keys may have changed in what was lost.
    const others: (EpochCipher | null)[] = [];
    if (keys.modern) {
      if (this.epoch === 'application' && this.current !== null) others.push(keys.next(this.current));
      if (this.current === null) others.push(keys.cipher(this.direction, 'handshake'));
      if (this.epoch !== 'application') others.push(keys.cipher(this.direction, 'application'));
    } else if (!this.changed) others.push(keys.cipher(this.direction, 'application'));
    for (const other of others) {
      if (other === null) continue;
      const found = this.tries(other, bytes, start, end, 0, room + SPARE);
      if (found < 0) continue;
      this.current = other;
      this.epoch = other.epoch;
      this.changed = !keys.modern;
      this.sequence = found;
      this.state = 'open';
      this.skipped = -1;
      return true;
    }
    return false;
  }

  /** The number from `from` on under which a record opens, -1 if there is none among `room`. */
  private tries(
    { cipher }: EpochCipher,
    bytes: Buffer,
    start: number,
    end: number,
    from: number,
    room: number,
  ): number {
    if (!cipher.independent) return -1;
    for (let sequence = from; sequence <= from + room && this.trials > 0; sequence++) {
      this.trials--;
      if (cipher.open(bytes, start, end, sequence) !== null) return sequence;
    }
    return -1;
  }

  astray(bytes: number, place: RecordPlace): void {
    const { skipped } = this;
    this.skipped = -1;
    this.messages.clear();
    this.astrayBytes += bytes;
    if (this.current === null || this.epoch !== 'application') return;
    const whole = skipped > 0;
    const records = whole ? skipped : 1;
    // Each record takes the same beside its text.
    const cost = RECORD_HEADER + SAMPLE - this.textLength(SAMPLE);
    const text = Math.max(1, bytes - records * cost);
    this.events.lost(this.direction, text, whole && this.exact, place.streamEnd, place);
  }

  end(frame: number, time: number): void {
    this.reader.end(frame, time);
    if (this.held.count > 0) this.giveUp('no key');
  }
}

/** Any length of a record. */
const SAMPLE = 1024;
