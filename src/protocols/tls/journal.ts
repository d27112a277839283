import type { JournalFormat, LineClock, LinePlace } from '../journal.js';
import { fieldsOf, type LineFields } from '../lineFields.js';
import type { MessageBase } from '../protocol.js';
import type { HandshakeOutcome, TlsHandshake, TlsMessage, TlsOp } from './message.js';

/** How what TLS shows travels as lines. */
export const tlsJournal: JournalFormat<TlsView> = {
  extra: ({ op, handshake }, clock) => {
    return op === 'Handshake' && handshake !== null ? { handshake: told(handshake, clock) } : {};
  },
  reader: (clock) => ({
    message: (line, place) => messageOf(line, place, clock),
    gap: () => undefined,
    closed: () => undefined,
  }),
};

const OUTCOMES: readonly HandshakeOutcome[] = ['completed', 'alert', 'reset', 'stalled', 'closed', 'open', 'unknown'];

/** What is asked of a message of TLS behind the wall. */
export type TlsView = MessageBase & Pick<TlsMessage, 'protocol' | 'op' | 'handshake'>;

function messageOf(line: LineFields, place: LinePlace, clock: LineClock): TlsView | null {
  const { op, kind } = place;
  if (op === null || kind === 'notification') return null;
  return {
    ...place,
    protocol: 'tls',
    op: op as TlsOp,
    handshake: op === 'Handshake' ? handshakeOf(line.object('handshake'), clock) : null,
    toRecord: () => line.own(),
  };
}

/** A value with its moments' times as text. Of a handshake all is plain but these. */
function told(value: unknown, clock: LineClock): unknown {
  if (Array.isArray(value)) return value.map((item) => told(item, clock));
  if (typeof value !== 'object' || value === null) return value;
  const { frame, time } = value as { frame?: unknown; time?: unknown };
  if (typeof frame === 'number' && typeof time === 'number') return { frame, time: clock.format(time) };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'connection')
      .map(([name, item]) => [name, told(item, clock)]),
  );
}

function heard(value: unknown, clock: LineClock): unknown {
  if (Array.isArray(value)) return value.map((item) => heard(item, clock));
  const fields = fieldsOf(value);
  if (fields === null) return value;
  const frame = fields.integer('frame');
  const text = fields.text('time');
  if (frame !== null && text !== null) {
    const time = clock.parse(text);
    return time === null ? null : { frame, time };
  }
  return Object.fromEntries(Object.entries(fields.fields).map(([name, item]) => [name, heard(item, clock)]));
}

/** What a line may leave out. */
const NOTHING_SAID = {
  ...{ serverFirst: null, serverHello: null, decided: null, alert: null, lateAlert: null, endedBy: null },
  ...{ serverCertificateAt: null, clientCertificateAt: null, serverCertificates: null, clientCertificates: null },
  ...{ serverName: null, protocol: null, answeredBy: null, version: null, cipherSuite: null, helloEpoch: null },
};

/** Null where the line tells no handshake that could be one. */
function handshakeOf(line: LineFields | null, clock: LineClock): TlsHandshake | null {
  if (line === null || !OUTCOMES.includes(line.text('outcome') as HandshakeOutcome)) return null;
  const handshake = { ...NOTHING_SAID, ...(heard(line.fields, clock) as TlsHandshake) };
  const { hello, serverFirst, serverHello, decided, alert, lateAlert } = handshake;
  const moments = [serverFirst, serverHello, decided, handshake.serverCertificateAt, handshake.clientCertificateAt];
  const { serverCertificates, clientCertificates, endedBy } = handshake as unknown as Record<string, unknown>;
  const whole =
    isMoment(hello) &&
    moments.every((moment) => absent(moment) || isMoment(moment)) &&
    [alert, lateAlert].every((one) => absent(one) || isAlert(one)) &&
    [serverCertificates, clientCertificates].every((chain) => absent(chain) || isChain(chain)) &&
    ['serverName', 'protocol', 'answeredBy'].every((name) => isTextOrNull(line.fields[name])) &&
    ['helloEnd', 'helloLength', 'offeredVersion'].every((name) => line.integer(name) !== null) &&
    ['version', 'cipherSuite'].every((name) => absent(line.fields[name]) || line.integer(name) !== null) &&
    (absent(line.fields['helloEpoch']) || line.number('helloEpoch') !== null) &&
    (absent(endedBy) || endedBy === 'client' || endedBy === 'server');
  return whole && line.texts('alpn') !== null ? handshake : null;
}

function absent(value: unknown): boolean {
  return value === null || value === undefined;
}

function isTextOrNull(value: unknown): boolean {
  return absent(value) || typeof value === 'string';
}

function isMoment(value: unknown): boolean {
  const fields = fieldsOf(value);
  return fields?.number('frame') != null && fields.number('time') !== null;
}

function isAlert(value: unknown): boolean {
  const fields = fieldsOf(value);
  if (fields === null || !isTextOrNull(fields.fields['description'])) return false;
  const by = fields.text('by');
  return (by === 'client' || by === 'server') && isMoment(fields.fields['moment']);
}

function isChain(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((item) => {
      const fields = fieldsOf(item);
      const texts = ['subject', 'issuer'].every((name) => fields?.text(name) != null);
      const dates = ['notBefore', 'notAfter'].every((name) => fields?.number(name) != null);
      return texts && dates && isTextOrNull(fields?.fields['key']);
    })
  );
}
