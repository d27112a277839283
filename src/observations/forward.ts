import type { ObservationSink } from './observation.js';

/** Who is told of everything that is read. */
export type Sink = ObservationSink;

const nothing = (): void => undefined;

/** A sink that wants these and nothing else; pings are messages to those who do not tell them apart. */
export function sinkOf(methods: Partial<Sink>): Sink {
  const { opened, tcp, message, gap, acknowledged, closed } = methods;
  const { ping = message, pingAnswer = message } = methods;
  return {
    opened: opened ?? nothing,
    tcp: tcp ?? nothing,
    message: message ?? nothing,
    ping: ping ?? nothing,
    pingAnswer: pingAnswer ?? nothing,
    gap: gap ?? nothing,
    acknowledged: acknowledged ?? nothing,
    closed: closed ?? nothing,
  };
}

/** One sink that feeds several, in their order. */
export function together(sinks: readonly Sink[]): Sink {
  const wanting = (method: keyof Sink): readonly Sink[] => sinks.filter((sink) => sink[method] !== nothing);
  const messages = wanting('message');
  const pings = wanting('ping');
  const pingAnswers = wanting('pingAnswer');
  const events = wanting('tcp');
  const acknowledgements = wanting('acknowledged');
  return {
    opened: (connection) => {
      for (const sink of sinks) sink.opened(connection);
    },
    tcp: (event, connection) => {
      for (const sink of events) sink.tcp(event, connection);
    },
    message: (message, connection) => {
      for (const sink of messages) sink.message(message, connection);
    },
    ping: (message, connection) => {
      for (const sink of pings) sink.ping(message, connection);
    },
    pingAnswer: (message, connection) => {
      for (const sink of pingAnswers) sink.pingAnswer(message, connection);
    },
    gap: (gap, connection) => {
      for (const sink of sinks) sink.gap(gap, connection);
    },
    acknowledged: (acknowledgement, connection) => {
      for (const sink of acknowledgements) sink.acknowledged(acknowledgement, connection);
    },
    closed: (connection) => {
      for (const sink of sinks) sink.closed(connection);
    },
  };
}

/**
 * A sink that is told of nothing that came later: what it knows stays as it was.
 * @param over whether a time (nanoseconds since the base of the Clock) is later
 */
export function until(over: (time: number) => boolean, sink: Sink): Sink {
  return {
    opened: (connection) => {
      if (!over(connection.start.time)) sink.opened(connection);
    },
    tcp: (event, connection) => {
      if (!over(event.time)) sink.tcp(event, connection);
    },
    message: (message, connection) => {
      if (!over(message.time)) sink.message(message, connection);
    },
    ping: (message, connection) => {
      if (!over(message.time)) sink.ping(message, connection);
    },
    pingAnswer: (message, connection) => {
      if (!over(message.time)) sink.pingAnswer(message, connection);
    },
    gap: (gap, connection) => {
      if (!over(gap.time)) sink.gap(gap, connection);
    },
    acknowledged: (acknowledgement, connection) => {
      if (!over(acknowledgement.time)) sink.acknowledged(acknowledgement, connection);
    },
    closed: (connection) => {
      if (!over(connection.endMoment?.time ?? 0)) sink.closed(connection);
    },
  };
}
