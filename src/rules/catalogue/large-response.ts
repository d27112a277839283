import { plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import type { ZooKeeperMessage } from '../../protocols/zookeeper/message.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents, subject } from '../support/affected.js';

interface Large {
  readonly op: string;
  readonly path: string;
  readonly bytes: number;
  readonly children: number | null;
  readonly requestFrame: number | null;
  readonly requestTime: number;
  readonly frame: number;
  readonly time: number;
  readonly entry: Affected;
}

/**
 * Large answers, as large-response keeps them.
 * @bound of them
 */
const MAX = 5000;
/** Default of jute.maxbuffer. */
const JUTE_MAXBUFFER = 0xfffff;

export const largeResponse = defineRule({
  meta: {
    name: 'large-response',
    summary: 'An answer is near or above 1 MB, the default of jute.maxbuffer',
    documentation: {
      meaning:
        'Clients refuse answers above jute.maxbuffer (1 MB unless set otherwise): a Java client drops the connection, reconnects, asks again, and drops it again. Long before that such answers cost memory and time at the server and delay everything behind them.',
      proof: 'The length prefix of the answer.',
      lookalikes: 'A Stat with a large numChildren; many small answers in a row.',
      remedy:
        'Spread the children over subdirectories, shorten their names, or keep the data elsewhere. jute.maxbuffer has to be raised on servers and on all clients alike, and only gains time.',
    },
    options: {
      bytes: {
        type: 'number',
        default: Math.round(JUTE_MAXBUFFER * 0.9),
        min: 1,
        unit: 'bytes',
        description: 'Length of an answer from which on it is reported',
      },
    },
  },
  create({ options, report, notKept }) {
    const found: Large[] = [];
    let more = 0;

    function look(m: ZooKeeperMessage, connection: ClientConnection): void {
      if (found.length >= MAX) {
        more++;
        notKept();
        return;
      }
      const path = m.request?.path ?? m.path ?? '';
      found.push({
        op: m.op ?? 'unknown',
        path,
        bytes: m.length,
        children: m.childCount(),
        requestFrame: m.request?.frame ?? null,
        requestTime: m.request?.time ?? m.time,
        frame: m.frame,
        time: m.time,
        entry: {
          client: connection.client,
          session: connection.session?.id ?? null,
          ...(path === '' ? {} : { path }),
          frames: m.request === null ? [m.frame] : [m.request.frame, m.frame],
          bytes: m.length,
        },
      });
    }

    return {
      responsesWanted: { length: options.bytes },
      response: look,
      end() {
        for (const group of incidents(
          found,
          (l) => `${l.op} ${l.path}`,
          (l) => l.time,
        )) {
          const largest = group.reduce((a, b) => (b.bytes > a.bytes ? b : a));
          const entries = group.map((l) => l.entry);
          const children = largest.children === null ? '' : ` with ${plural(largest.children, 'child', 'children')}`;
          const above = largest.bytes > JUTE_MAXBUFFER;
          report({
            severity: 'warning',
            confidence: 'proven',
            title: above ? 'Answer above jute.maxbuffer' : 'Answer near jute.maxbuffer',
            message: `${largest.op} of ${largest.path === '' ? 'an unknown path' : largest.path} was answered with ${largest.bytes} bytes${children}${group.length > 1 ? `, ${plural(group.length, 'time')} that large` : ''}; Java clients refuse more than ${JUTE_MAXBUFFER} by default.`,
            remedy:
              'Split the znode or its children over several parents; raising jute.maxbuffer (servers and all clients alike) only gains time.',
            ...subject(entries),
            from: group[0]!.time,
            to: group.at(-1)!.time,
            evidence: [
              ...(largest.requestFrame === null
                ? []
                : [
                    {
                      frame: largest.requestFrame,
                      time: largest.requestTime,
                      text: `${largest.op} of ${largest.path}`,
                    },
                  ]),
              { frame: largest.frame, time: largest.time, text: `the answer, ${largest.bytes} bytes${children}` },
            ],
            data: {
              bytes: largest.bytes,
              children: largest.children,
              times: group.length,
              limit: JUTE_MAXBUFFER,
              ...(more > 0 ? { notListed: more } : {}),
              ...affectedData(entries),
            },
          });
        }
      },
    };
  },
});
