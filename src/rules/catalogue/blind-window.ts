import { duration, plural } from '../../observations/words.js';
import { type Awaited, listOf, type Read, type View } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import type { WatchKind } from '../../model/index.js';
import type { DataValue, Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedBy, affectedData, incidents, subject } from '../support/affected.js';
import { type FirstNames, NameRoom, namesText } from '../support/firstNames.js';
import { sameMembers } from '../support/lists.js';
import { seconds } from '../../observations/seconds.js';

/** One answer, in short: the list, or who was told, is not kept for it. */
interface Answer {
  readonly op: string;
  readonly frame: number;
  readonly time: number;
  /** What it said, for the evidence. */
  readonly state: string;
}

interface Window {
  readonly fired: Moment;
  readonly plain: Answer;
  readonly watched: Answer;
  readonly added: FirstNames;
  readonly removed: FirstNames;
  /** Added children that the client has not asked for; shrinks until the next event. */
  readonly awaited: Awaited | null;
  /** It asked for the data of most children of the first list. */
  readonly fetches: boolean;
}

interface Windows {
  readonly kind: WatchKind;
  windows: number;
  /** Windows with a change in them; those before the latest in which all that was added was asked for. */
  changed: number;
  used: number;
  /** The latest with a change in it, and the latest of those before it that show that the second list is not used. */
  latest: Window | null;
  unused: Window | null;
  readonly first: Moment;
  lastTime: number;
}

/** What is said of one session and path. */
interface Judged {
  readonly key: string;
  readonly changed: number;
  readonly entry: Affected;
  readonly finding: Omit<Finding, 'rule'>;
}

/**
 * Blind windows, as blind-window keeps them.
 * @bound of them
 */
const MAX = 5000;
/**
 * Paths of sessions whose windows blind-window looks at.
 * @bound of them
 */
const MAX_WATCHED = 20_000;

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
    const byKind = { data: new Map<View, Windows>(), child: new Map<View, Windows>() };
    const names = new NameRoom(notKept);
    /** As many are not kept before it is looked again whether some can go. */
    let patience = 0;

    /** Of views that the model has forgotten nothing more is said. */
    function full(): boolean {
      const size = (): number => byKind.child.size + byKind.data.size;
      if (size() < MAX_WATCHED) return false;
      if (patience-- > 0) return true;
      for (const known of [byKind.child, byKind.data]) {
        for (const [view, windows] of known) {
          if (view.link.attached) continue;
          known.delete(view);
          leave(windows);
        }
      }
      patience = MAX_WATCHED / 8;
      return size() >= MAX_WATCHED;
    }

    function leave({ latest, unused }: Windows): void {
      giveNames(latest);
      if (unused !== latest) giveNames(unused);
    }

    function giveNames(window: Window | null): void {
      if (window === null) return;
      names.give(window.added);
      names.give(window.removed);
    }

    /** The next one comes: what became of the one before is known. */
    function settle(windows: Windows): void {
      const { latest } = windows;
      if (latest === null) return;
      if (latest.awaited?.left === 0) windows.used++;
      const kept = isUnused(latest) ? windows.unused : latest;
      if (isUnused(latest)) windows.unused = latest;
      giveNames(kept);
      windows.latest = null;
    }

    function compare(
      kind: WatchKind,
      plain: Read,
      watched: Read,
    ): { readonly added: readonly string[]; readonly removed: readonly string[] } | null {
      if (kind === 'data') {
        if (plain.mzxid < 0 || watched.mzxid < 0 || plain.mzxid === watched.mzxid) return null;
        return { added: [], removed: [] };
      }
      const first = listOf(plain);
      const second = listOf(watched);
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
        const event = { frame: fired.frame, time: fired.time };
        if (windows === undefined) {
          if (full()) {
            notKept();
            return;
          }
          windows = {
            ...{ kind, windows: 0, changed: 0, used: 0, latest: null, unused: null },
            ...{ first: event, lastTime: read.time },
          };
          byKind[kind].set(view, windows);
        }
        windows.windows++;
        windows.lastTime = read.time;
        const difference = compare(kind, plain, read);
        if (difference === null) return;
        windows.changed++;
        settle(windows);
        const children = plain.list?.size ?? 0;
        windows.latest = {
          ...{ fired: event, plain: answerOf(plain), watched: answerOf(read), awaited: view.awaited },
          added: names.take(difference.added),
          removed: names.take(difference.removed),
          fetches: children > 0 && fired.childReads >= children * options.fetched,
        };
      },
      sessionEnded(session) {
        for (const view of session.views.values()) {
          for (const known of [byKind.child, byKind.data]) {
            const windows = known.get(view);
            if (windows === undefined) continue;
            known.delete(view);
            judge(view, windows);
            leave(windows);
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
      const { kind, changed, latest } = windows;
      const path = znode.path;
      // Proof that a list was not used: children were added, and a client that fetches every child does not ask for them.
      const unused = latest !== null && isUnused(latest) ? latest : windows.unused;
      const used = windows.used + Number(latest?.awaited?.left === 0);
      const example = unused ?? latest;
      const lossy = session.holes > 0;
      // A loop does it after every event; now and then a read without a watch is just another reader of the same session.
      const atOnce = kind === 'data' ? view.dataSetAtOnce : view.childSetAtOnce;
      const habit = windows.windows >= atOnce && (kind === 'child' || windows.windows > 2);
      const broken = kind === 'child' && (used < changed || unused !== null);
      const severity = changed === 0 || lossy || !habit ? 'info' : broken ? 'error' : 'warning';
      const entry: Affected = {
        ...affectedBy(session),
        path,
        frames:
          example === null ? [windows.first.frame] : [example.fired.frame, example.plain.frame, example.watched.frame],
      };
      const what = kind === 'child' ? 'list' : 'data';
      const differs =
        kind === 'child' && example !== null
          ? ` (${[
              example.added.count > 0 ? `${namesText(example.added)} added` : '',
              example.removed.count > 0 ? `${namesText(example.removed)} removed` : '',
            ]
              .filter((text) => text !== '')
              .join(', ')})`
          : '';
      const inUse =
        unused !== null
          ? ' The client fetches every child of the first list, but never the added ones: it does not use the second.'
          : '';
      const message =
        changed === 0
          ? `${session.client} reads ${path} after its event first without and then with a watch, ${plural(windows.windows, 'time')}; nothing changed in between, so nothing was lost yet.`
          : `${session.client} reads ${path} after its event first without and then with a watch: in ${changed} of ${plural(windows.windows, 'window')} the ${what} changed in between${differs}, and no event announces that.${inUse}`;
      const evidence: Evidence[] = [];
      if (example !== null) {
        const { fired, plain, watched } = example;
        evidence.push(
          { frame: fired.frame, time: fired.time, text: `notification of ${path}` },
          { frame: plain.frame, time: plain.time, text: `${plain.op} with watch=false is answered${plain.state}` },
          {
            frame: watched.frame,
            time: watched.time,
            text: `${watched.op} with watch=true is answered ${duration(watched.time - plain.time)} later${watched.state}`,
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
      if (example !== null) {
        data['window'] = seconds(example.watched.time - example.plain.time);
        data['added'] = example.added.first;
        data['removed'] = example.removed.first;
        data['secondListUsed'] = unused !== null ? false : used === changed ? true : null;
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
        to: example?.watched.time ?? windows.lastTime,
        evidence,
        data,
      };
      found.push({ key: `${kind} ${path}`, changed, entry, finding });
    }
  },
});

/** The client fetches every child of the first list, and none of those that the second has beside them. */
function isUnused({ awaited, fetches }: Window): boolean {
  return awaited !== null && fetches && awaited.left === awaited.total;
}

function answerOf(read: Read): Answer {
  const { op, frame, time } = read;
  return { op, frame, time, state: state(read) };
}

function state(read: Read): string {
  if (read.list === null) return read.version >= 0 ? `: version ${read.version}` : '';
  const { size, cversion } = read.list;
  return `: ${plural(size, 'child', 'children')}${cversion >= 0 ? `, cversion ${cversion}` : ''}`;
}
