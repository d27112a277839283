import type { AnsweredRequest } from '../events.js';
import type { Model } from '../model.js';
import type { Room } from './room.js';
import { Awaited, awaitedBytes, type Fired, listOf, type Read, type View, type Watch, type WatchKind } from './view.js';

/** The server holds a watch from now on; `read` is the answer that brought it, null for setWatches. */
export function setWatch(model: Model, view: View, kind: WatchKind, watch: Watch, read: Read | null): void {
  const fired = view.fired(kind);
  noteWatcher(view, watch);
  if (kind === 'data') {
    view.dataWatch = watch;
    view.everData = true;
    view.dataFired = null;
  } else {
    view.childWatch = watch;
    view.everChild = true;
    view.childFired = null;
    view.await(fired === null || !view.link.attached ? null : addedNames(fired.lastPlain, read, model.awaited));
    updateWindow(view);
  }
  if (fired === null) return;
  if (read !== null && atOnce(view, fired, read)) {
    if (kind === 'data') view.dataSetAtOnce++;
    else view.childSetAtOnce++;
  }
  for (const listen of model.listeners.watchSetAgain) listen(view, kind, fired, read);
}

/** The first read after an event set its watch again. What was lost in between may have been another one. */
function atOnce({ session }: View, fired: Fired, read: Read): boolean {
  if (fired.lastPlain !== null || fired.own || read.err !== 0) return false;
  return fired.delivered && !session.uncertainSince(fired.time);
}

/** Names which the second list has and the first has not; null where that cannot be said, or there are none. */
function addedNames(first: Read | null, second: Read | null, room: Room): Awaited | null {
  const before = listOf(first);
  const after = listOf(second);
  if (before === null || after === null || before === after) return null;
  const known = new Set(before.names);
  const names = new Set(after.names.filter((name) => !known.has(name)));
  if (names.size === 0) return null;
  let bytes = 0;
  for (const name of names) bytes += awaitedBytes(name);
  return room.take(bytes) ? new Awaited(names, room) : null;
}

/** Keeps count of the session's views whose reads of children are to be looked at. */
export function updateWindow(view: View): void {
  const reading = view.childFired !== null && view.childFired.lastPlain !== null;
  const open = reading || (view.awaited !== null && view.awaited.left > 0);
  if (open === view.windowOpen) return;
  view.windowOpen = open;
  view.session.openWindows += open ? 1 : -1;
}

/** setWatches and setWatches2: what changed meanwhile is notified before this answer, everything else is watched again. */
export function setWatchesAnswered(model: Model, { m, request, session, connection }: AnsweredRequest): void {
  const body = request.body;
  if (m.err !== 0 || body === null) return;
  const watch: Watch = { connection: connection.id, frame: m.frame, time: m.time, op: request.op };
  const set = (kind: WatchKind, paths: readonly string[] | undefined): void => {
    for (const path of paths ?? []) {
      const view = model.view(session, path);
      const fired = view.fired(kind);
      const firedNow = fired !== null && fired.connection === connection && fired.time >= request.time;
      if (!firedNow) setWatch(model, view, kind, watch, null);
    }
  };
  set('data', body.dataWatches);
  set('data', body.existWatches);
  set('child', body.childWatches);
  for (const path of body.persistentWatches ?? []) setPersistent(model.view(session, path), watch, false);
  for (const path of body.persistentRecursiveWatches ?? []) setPersistent(model.view(session, path), watch, true);
}

function noteWatcher(view: View, { time }: Watch): void {
  if (view.everData || view.everChild || view.everPersistent) return;
  view.znode.newestWatcher = { ip: view.session.ip, time };
}

function setPersistent(view: View, watch: Watch, recursive: boolean): void {
  if (recursive && !view.recursive) view.session.recursiveWatches++;
  noteWatcher(view, watch);
  view.persistentWatch = watch;
  view.recursive ||= recursive;
  view.everPersistent = true;
  view.everRecursive ||= recursive;
}

export function addWatchAnswered(model: Model, { m, request, session, connection }: AnsweredRequest): void {
  if (m.err !== 0 || request.path === null) return;
  const watch: Watch = { connection: connection.id, frame: m.frame, time: m.time, op: request.op };
  const view = model.view(session, request.path);
  setPersistent(view, watch, request.body?.watchMode === 'PERSISTENT_RECURSIVE');
  // It announces all that the consumed watches would have.
  view.dataFired = null;
  view.childFired = null;
  updateWindow(view);
}

/** removeWatches takes watches away at the server; by checkWatches the client says that it gives one up. */
export function removeWatchesAnswered({ m, request, session }: AnsweredRequest): void {
  if (m.err !== 0 || request.path === null) return;
  const view = session.views.get(request.path);
  if (view === undefined) return;
  const type = request.body?.watcherType;
  const all = type === 'Any';
  if (all || type === 'Data') view.dataWatch = view.dataFired = null;
  if (all || type === 'Children') {
    view.childWatch = view.childFired = null;
    updateWindow(view);
  }
  if (all || type === 'Persistent' || type === 'PersistentRecursive') {
    if (view.recursive) session.recursiveWatches--;
    view.persistentWatch = null;
    view.recursive = false;
  }
}
