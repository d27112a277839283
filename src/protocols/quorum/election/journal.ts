import type { JournalFormat, LinePlace } from '../../journal.js';
import type { LineFields } from '../../lineFields.js';
import { type ElectionMessage, electionAuth, initialMessage, notification, serverStates } from './electionMessage.js';

/** How messages of leader election travel as lines: all of them is printed. */
export const electionJournal: JournalFormat<ElectionMessage> = {
  extra: () => ({}),
  reader: () => ({ message: messageOf, gap: () => undefined, closed: () => undefined }),
};

function messageOf(line: LineFields, place: LinePlace): ElectionMessage | null {
  const where = { ...place, length: line.integer('length') ?? 0 };
  const sender = line.integer('sender');
  const receiver = line.integer('receiver');
  switch (place.op) {
    case 'initialMessage':
      return initialMessage(where, sender, receiver, line.integer('protocolVersion'), line.texts('addresses') ?? []);
    case 'quorumAuth':
      return electionAuth(where, sender, receiver, line.text('authStatus') ?? '', line.integer('dataLength') ?? -1);
    case 'notification': {
      const state = serverStates.find((name) => name === line.text('state'));
      if (state === undefined) return null;
      const zxid = line.halves('zxid');
      return notification(where, sender, receiver, {
        state,
        leader: line.integer('leader'),
        zxidHi: zxid?.hi ?? 0,
        zxidLo: zxid?.lo ?? 0,
        electionEpoch: line.integer('electionEpoch'),
        peerEpoch: line.integer('peerEpoch'),
        version: line.integer('version') ?? 0,
        config: line.text('config'),
      });
    }
    default:
      return null;
  }
}
