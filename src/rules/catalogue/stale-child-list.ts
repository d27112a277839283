import { duration, plural } from '../../observations/words.js';
import type { Read, View } from '../../model/index.js';
import type { Confidence, Evidence, Severity } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, findingOn, incidents, subject } from '../support/affected.js';
import { type FirstNames, NameRoom, namesText } from '../support/firstNames.js';
import { type Missed, missedChanges, readUnderWay } from '../support/lists.js';
import { blindWindow } from './blind-window.js';
import { missingRewatch } from './missing-rewatch.js';
import { watchLostAfterReconnect } from './watch-lost-after-reconnect.js';

const CAUSES = [missingRewatch, watchLostAfterReconnect, blindWindow];

interface Stale {
  readonly view: View;
  readonly read: Read;
  readonly missed: Omit<Missed, 'added' | 'removed'> & { readonly added: FirstNames; readonly removed: FirstNames };
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly entry: Affected;
}

/**
 * Stale lists of children, as stale-child-list keeps them.
 * @bound of them
 */
const MAX = 5000;

export const staleChildList = defineRule({
  meta: {
    name: 'stale-child-list',
    summary: 'A session lives on with a list of children that has changed since, and no watch will tell it',
    documentation: {
      meaning:
        'The last list of children that the session read is older than changes which the capture shows, and the session holds no watch on it: the watch was used up and not set again, or was lost in a reconnect. It goes on working with providers, members or tasks that are gone, and without those that came.',
      proof:
        'A change with a zxid above that of the last list (a create, a delete, a closeSession, another session’s list of a later zxid with other members) that is still so at the end of the capture, and no watch held on the path.',
      lookalikes:
        'A session that never set a watch on the path (an operator, a lock recipe); a poller between two polls; a change in the last moments of the capture; a session that closed; a list that is old only because its server lags, where the watch is held and the notification comes late.',
      remedy:
        'Find out why there is no watch: see missing-rewatch, watch-lost-after-reconnect and blind-window. Until it is repaired, restarting the client makes it read the list anew.',
    },
    options: {
      grace: {
        type: 'number',
        default: 2,
        unit: 'seconds',
        description: 'Changes in this last stretch of the capture do not count: a notification may be under way',
      },
    },
  },
  causes: CAUSES,
  create({ model, options, report, findingsOf, notKept }) {
    const found: Stale[] = [];
    const names = new NameRoom(notKept);

    function look(view: View): void {
      const { session, znode, lastList: read } = view;
      if (read?.list == null || !view.everChild || view.holds('child') || znode.exists === false) return;
      // Notified on this very connection but not delivered yet: still under way.
      const fired = view.childFired;
      if (fired !== null && !fired.delivered && fired.connection === session.current) return;
      if (fired === null && view.childWatch === null) return;
      if (readUnderWay(view)) return;
      const missed = missedChanges(znode, read, session.id);
      if (missed === null) return;
      const old = model.lastTime - missed.time;
      if (old < options.grace * 1e9) return;
      // Not heard of since then: whether it lives on is unknown.
      if (session.lastRequestTime - missed.time < options.grace * 1e9) return;
      const polls = fired !== null && fired.plainReads > 1;
      if (polls && model.lastTime - read.time < 2 * view.longestListInterval) return;
      // It may have read the list again where bytes are missing.
      if (session.uncertainSince(read.time) || session.forgotten > 0) return;
      if (found.length >= MAX) {
        notKept();
        return;
      }
      const added = names.take(missed.added);
      const removed = names.take(missed.removed);
      found.push({
        view,
        read,
        missed: { ...missed, added, removed },
        severity: 'error',
        confidence: 'proven',
        entry: {
          ...affectedBy(session),
          path: znode.path,
          frames: [read.frame, missed.frame, ...(missed.newer === null ? [] : [missed.newer.frame])],
          added: added.first.slice(0, 20),
          removed: removed.first.slice(0, 20),
        },
      });
    }

    return {
      sessionEnded(session) {
        if (!model.ended || session.end !== 'open' || !session.connected) return;
        for (const view of session.views.values()) look(view);
      },
      end() {
        for (const group of incidents(
          found,
          (s) => `${s.view.znode.path} ${s.severity} ${causeOf(s)?.rule ?? ''}`,
          (s) => s.read.time,
        )) {
          const first = group[0]!;
          const { view, read, missed } = first;
          const path = view.znode.path;
          const cause = causeOf(first);
          const entries = group.map((s) => s.entry);
          const who = group.length === 1 ? view.session.client : plural(group.length, 'session');
          const one = who === view.session.client;
          const changes = [
            missed.added.count > 0 ? `lacks ${namesText(missed.added)}` : '',
            missed.removed.count > 0 ? `still holds ${namesText(missed.removed)}` : '',
          ].filter((text) => text !== '');
          const why =
            cause === undefined
              ? `and ${one ? 'it holds' : 'they hold'} no watch on it`
              : `because of ${cause.rule} ${one ? 'it holds' : 'they hold'} no watch`;
          const whose = one ? 'its' : 'their';
          const evidence: Evidence[] = [
            {
              frame: read.frame,
              time: read.time,
              text: `the session's last list: ${plural(read.list!.size, 'child', 'children')}`,
            },
          ];
          if (view.childFired !== null) {
            const { frame, time } = view.childFired;
            evidence.push({ frame, time, text: `notification of ${path}: the watch is used up` });
          }
          evidence.push({ frame: missed.frame, time: missed.time, text: missed.text });
          if (missed.newer !== null && missed.newer.frame !== missed.frame) {
            const { frame, time, size } = missed.newer;
            evidence.push({
              frame,
              time,
              text: `the list as another session reads it: ${plural(size, 'child', 'children')}`,
            });
          }
          report({
            severity: first.severity,
            confidence: first.confidence,
            title: 'Stale list of children',
            message: `${who} last read ${path} ${duration(model.lastTime - read.time)} before the end of the capture; ${whose} list ${changes.join(' and ')}, ${why}.`,
            remedy:
              cause === undefined
                ? 'Set a child watch with every read of the list, and again after each reconnect (kazoo ChildrenWatch, Curator CuratorCache, go-zookeeper ChildrenW).'
                : `Repair the cause (${cause.rule}); restarting the client makes it read the list anew.`,
            unrepaired: `${whose} list of ${path} is out of date`,
            ...subject(entries),
            from: read.time,
            to: model.lastTime,
            evidence: evidence.sort((a, b) => a.frame - b.frame),
            cause,
            data: {
              added: missed.added.first,
              removed: missed.removed.first,
              ...affectedData(entries),
            },
          });
        }
      },
    };

    function causeOf({ view }: Stale): ReturnType<typeof findingOn> {
      const { session, znode } = view;
      return findingOn(findingsOf(...CAUSES), (e) => e.session === session.id && e.path === znode.path);
    }
  },
});
