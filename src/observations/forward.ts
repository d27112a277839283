import type { ConnectionSink } from '../protocols/router.js';

/** Who is told of everything that is read. */
export type Sink = ConnectionSink;

/** A sink that hands everything on, but what `instead` takes; that may hand it on itself. */
export function forward(sink: Sink, instead: Partial<Sink>): Sink {
  return {
    message: (message) => {
      sink.message(message);
    },
    gap: (gap) => {
      sink.gap(gap);
    },
    connectionOpened: (connection) => {
      sink.connectionOpened(connection);
    },
    connectionClosed: (connection) => {
      sink.connectionClosed(connection);
    },
    ...optional([sink]),
    ...instead,
  };
}

/** What is told only where somebody asks for it. */
function optional(sinks: readonly Sink[]): Partial<Sink> {
  const events = sinks.filter((sink) => 'tcpEvent' in sink);
  const waiting = sinks.filter((sink) => 'acknowledged' in sink);
  const asked: Partial<Sink> = {};
  if (events.length > 0)
    asked.tcpEvent = (...event) => {
      for (const sink of events) sink.tcpEvent?.(...event);
    };
  if (waiting.length > 0)
    asked.acknowledged = (...stream) => {
      for (const sink of waiting) sink.acknowledged?.(...stream);
    };
  return asked;
}

const nothing = (): void => undefined;
const NOBODY: Sink = { message: nothing, gap: nothing, connectionOpened: nothing, connectionClosed: nothing };

/** A sink that wants these and nothing else. */
export function sinkOf(wanted: Partial<Sink>): Sink {
  return { ...NOBODY, ...wanted };
}

/** One sink that feeds several, in their order. */
export function together(sinks: readonly Sink[]): Sink {
  return {
    message: (message) => {
      for (const sink of sinks) sink.message(message);
    },
    gap: (gap) => {
      for (const sink of sinks) sink.gap(gap);
    },
    connectionOpened: (connection) => {
      for (const sink of sinks) sink.connectionOpened(connection);
    },
    connectionClosed: (connection) => {
      for (const sink of sinks) sink.connectionClosed(connection);
    },
    ...optional(sinks),
  };
}

/**
 * A sink that is told of nothing that came later: what it knows stays as it was.
 * @param over whether a time (nanoseconds since the base of the Clock) is later
 */
export function until(over: (time: number) => boolean, sink: Sink): Sink {
  return {
    message: (message) => {
      if (!over(message.time)) sink.message(message);
    },
    gap: (gap) => {
      if (!over(gap.time)) sink.gap(gap);
    },
    connectionOpened: (connection) => {
      if (!over(connection.start.time)) sink.connectionOpened(connection);
    },
    connectionClosed: (connection) => {
      if (!over(connection.endMoment?.time ?? 0)) sink.connectionClosed(connection);
    },
    ...optional([sink]),
  };
}
