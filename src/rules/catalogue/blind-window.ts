import { duration, listing, plural } from '../../observations/words.js';
import type { Fired, Read, View } from '../../model/index.js';
import type { WatchKind } from '../../model/index.js';
import type { DataValue, Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, incidents, subject } from '../support/affected.js';
import { sameMembers } from '../support/lists.js';
import { seconds } from '../../observations/seconds.js';

interface Window {
  readonly fired: Fired;
  readonly plain: Read;
  readonly watched: Read;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Added children that the client has not asked for; shrinks until the next event. */
  readonly awaited: View['awaited'];
  /** It asked for the data of most children of the first list. */
  readonly fetches: boolean;
}

interface Windows {
  readonly kind: WatchKind;
  windows: number;
  changed: number;
  /** The latest windows with a change in them, bounded. */
  readonly kept: Window[];
  readonly first: Fired;
  lastRead: Read;
}

/** What is said of one session and path. */
interface Judged {
  readonly key: string;
  readonly changed: number;
  readonly entry: Affected;
  readonly finding: Omit<Finding, 'rule'>;
}

const KEPT = 50;
/**
 * Blind windows, as blind-window keeps them.
 * @bound of them
 */
const MAX = 5000;

export const blindWindow = defineRule({
  meta: {
    name: 'blind-window',
    summary: 'After an event the path is first read without a watch, and watched only later',
    documentation: {
      meaning:
        'The watch fired, the session first reads the path with watch=false and sets the watch by a later read. What changes between the two answers is announced by no event; it is known only to a client that uses the second answer.',
      proof:
        'Two answers of one session after a delivered notification, the first to a read with watch=false, the second to a read with watch=true, with another cversion, pzxid or membership (children), another mzxid or version (data). If children were added in the window, and the client asks for the data of the children of the first list but never for those, it does not use the second list.',
      lookalikes:
        'Reading with the watch first and the children afterwards: the watch covers the list. Two clients on one host, one of which reads without a watch. If only removals fall into the window the wire cannot tell whether the client used the second list.',
      remedy:
        'Take the list that comes with the watch: one read with watch=true after each event, and its answer is the truth. In rpcx: use the result of WatchTree or ChildrenW instead of a List before it. Curator CuratorCache, kazoo ChildrenWatch and a loop around go-zookeeper ChildrenW do it right.',
    },
    options: {
      fetched: {
        type: 'number',
        default: 0.8,
        min: 0,
        max: 1,
        unit: 'share of the children',
        description:
          'Share of the first list which the client must have asked for to be taken for one that fetches every child',
      },
    },
  },
  create({ options, report, notKept }) {
    const found: Judged[] = [];
    const byKind = { data: new WeakMap<View, Windows>(), child: new WeakMap<View, Windows>() };

    function compare(kind: WatchKind, plain: Read, watched: Read): Pick<Window, 'added' | 'removed'> | null {
      if (kind === 'data') {
        if (plain.mzxid < 0 || watched.mzxid < 0 || plain.mzxid === watched.mzxid) return null;
        return { added: [], removed: [] };
      }
      const first = plain.list;
      const second = watched.list;
      if (first === null || second === null || first === second) return null;
      const same = sameMembers(first.names, second.names);
      const changed = first.cversion >= 0 && second.cversion >= 0 ? first.cversion !== second.cversion : !same;
      if (!changed) return null;
      const before = new Set(first.names);
      const after = new Set(second.names);
      return {
        added: second.names.filter((name) => !before.has(name)),
        removed: first.names.filter((name) => !after.has(name)),
      };
    }

    return {
      watchSetAgain(view, kind, fired, read) {
        const plain = fired.lastPlain;
        if (plain === null || read === null || !fired.delivered || read.err !== 0 || fired.own) return;
        // What was lost in between may have been the read that set the watch.
        if (view.session.uncertainSince(fired.time)) return;
        let windows = byKind[kind].get(view);
        if (windows === undefined) {
          windows = {
            kind,
            windows: 0,
            changed: 0,
            kept: [],
            first: fired,
            lastRead: read,
          };
          byKind[kind].set(view, windows);
        }
        windows.windows++;
        windows.lastRead = read;
        const difference = compare(kind, plain, read);
        if (difference === null) return;
        windows.changed++;
        const children = plain.list?.size ?? 0;
        const fetches = children > 0 && fired.childReads >= children * options.fetched;
        windows.kept.push({ fired, plain, watched: read, ...difference, awaited: view.awaited, fetches });
        if (windows.kept.length > KEPT) windows.kept.shift();
      },
      sessionEnded(session) {
        for (const view of session.views.values()) {
          for (const known of [byKind.child, byKind.data]) {
            const windows = known.get(view);
            if (windows === undefined) continue;
            known.delete(view);
            judge(view, windows);
          }
        }
      },
      end() {
        const key = ({ key, finding }: Judged): string => `${key} ${finding.severity} ${finding.confidence}`;
        for (const group of incidents(found, key, ({ finding }) => finding.from)) tell(group);
      },
    };

    /** The same habit of many sessions is one finding: the one with the most changes in its windows speaks for all. */
    function tell(group: readonly Judged[]): void {
      const { finding } = group.reduce((a, b) => (b.changed > a.changed ? b : a));
      if (group.length === 1) {
        report(finding);
        return;
      }
      const entries = group.map(({ entry }) => entry);
      const { severity, confidence, title, remedy, from, to, evidence } = finding;
      report({
        ...{ severity, confidence, title, remedy, from, to, evidence },
        ...subject(entries),
        message: `${plural(group.length, 'session')} do so; for example: ${finding.message}`,
        data: { ...finding.data, sessions: group.length, ...affectedData(entries) },
      });
    }

    function judge(view: View, windows: Windows): void {
      const { session, znode } = view;
      const { kind, changed, kept } = windows;
      const path = znode.path;
      // Proof that a list was not used: children were added, and a client that fetches every child does not ask for them.
      const unused = kept.findLast((w) => w.awaited !== null && w.fetches && w.awaited.names.size === w.awaited.total);
      const used = kept.filter((w) => w.awaited?.names.size === 0).length;
      const example = unused ?? kept.at(-1);
      const lossy = session.holes > 0;
      // A loop does it after every event; now and then a read without a watch is just another reader of the same session.
      const atOnce = kind === 'data' ? view.dataSetAtOnce : view.childSetAtOnce;
      const habit = windows.windows >= atOnce && (kind === 'child' || windows.windows > 2);
      const broken = kind === 'child' && (used < kept.length || unused !== undefined);
      const severity = changed === 0 || lossy || !habit ? 'info' : broken ? 'error' : 'warning';
      const entry: Affected = {
        ...affectedBy(session),
        path,
        frames:
          example === undefined
            ? [windows.first.frame]
            : [example.fired.frame, example.plain.frame, example.watched.frame],
      };
      const what = kind === 'child' ? 'list' : 'data';
      const differs =
        kind === 'child' && example !== undefined
          ? ` (${[
              example.added.length > 0 ? `${listing(example.added)} added` : '',
              example.removed.length > 0 ? `${listing(example.removed)} removed` : '',
            ]
              .filter((text) => text !== '')
              .join(', ')})`
          : '';
      const inUse =
        unused !== undefined
          ? ' The client fetches every child of the first list, but never the added ones: it does not use the second.'
          : '';
      const message =
        changed === 0
          ? `${session.client} reads ${path} after its event first without and then with a watch, ${plural(windows.windows, 'time')}; nothing changed in between, so nothing was lost yet.`
          : `${session.client} reads ${path} after its event first without and then with a watch: in ${changed} of ${plural(windows.windows, 'window')} the ${what} changed in between${differs}, and no event announces that.${inUse}`;
      const evidence: Evidence[] = [];
      if (example !== undefined) {
        const { fired, plain, watched } = example;
        evidence.push(
          { frame: fired.frame, time: fired.time, text: `notification of ${path}` },
          { frame: plain.frame, time: plain.time, text: `${plain.op} with watch=false is answered${state(plain)}` },
          {
            frame: watched.frame,
            time: watched.time,
            text: `${watched.op} with watch=true is answered ${duration(watched.time - plain.time)} later${state(watched)}`,
          },
        );
      } else {
        evidence.push({ frame: windows.first.frame, time: windows.first.time, text: `notification of ${path}` });
      }
      const data: Record<string, DataValue> = {
        kind,
        windows: windows.windows,
        changedWindows: changed,
        ...affectedData([entry]),
      };
      if (example !== undefined) {
        data['window'] = seconds(example.watched.time - example.plain.time);
        data['added'] = example.added.slice(0, 50);
        data['removed'] = example.removed.slice(0, 50);
        data['secondListUsed'] = unused !== undefined ? false : used === kept.length ? true : null;
      }
      if (found.length >= MAX) {
        notKept();
        return;
      }
      const finding: Omit<Finding, 'rule'> = {
        severity,
        confidence: lossy || !habit ? 'possible' : changed === 0 ? 'likely' : 'proven',
        title: changed === 0 ? 'Blind window, nothing lost yet' : 'Changes fall into a blind window',
        message,
        remedy:
          'Read once after each event, with watch=true, and use that answer; drop the read without a watch (ChildrenW or GetW alone in go-zookeeper, ChildrenWatch or DataWatch in kazoo, CuratorCache in Curator).',
        ...subject([entry]),
        from: example?.plain.time ?? windows.first.time,
        to: example?.watched.time ?? windows.lastRead.time,
        evidence,
        data,
      };
      found.push({ key: `${kind} ${path}`, changed, entry, finding });
    }
  },
});

function state(read: Read): string {
  if (read.list === null) return read.version >= 0 ? `: version ${read.version}` : '';
  const { names, cversion } = read.list;
  return `: ${plural(names.length, 'child', 'children')}${cversion >= 0 ? `, cversion ${cversion}` : ''}`;
}
