import { duration, plural } from '../../observations/words.js';
import type { Server } from '../../model/index.js';
import type { Evidence } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, incidents } from '../support/affected.js';
import { seconds } from '../../observations/seconds.js';
import { type Unanswered, UnansweredRequests } from '../support/unanswered.js';

interface Stretch {
  readonly from: number;
  readonly fromFrame: number;
  readonly to: number;
  readonly toFrame: number;
}

export const serverStall = defineRule({
  meta: {
    name: 'server-stall',
    summary: 'A server acknowledges at TCP level and answers nobody: its process hangs',
    documentation: {
      meaning:
        'All connections of one server fall silent at the same time while its kernel goes on acknowledging: the process is stopped, in a long garbage collection, out of memory, or waits for its disk. Its clients leave for other servers after two thirds of their session timeout; sessions that cannot expire.',
      proof:
        'Requests on several connections of the server, acknowledged by TCP and not answered until the clients left, and not one answer of the server to anybody in that time.',
      lookalikes:
        'A slow request while pings are answered (slow-request); a server that is restarted: it closes its connections; a network that is cut: nothing is acknowledged (half-open-connection); one silent connection while others are served; a follower whose leader hangs: all that waits there stands behind a write, which only the leader can decide.',
      remedy:
        'Look at the server at that time: garbage collection pauses (GC log), fsync warnings in ZooKeeper’s log, swapping, a suspended virtual machine. Give the transaction log a disk of its own and the heap room enough never to swap.',
    },
    options: {
      share: {
        type: 'number',
        default: 0.6,
        min: 0.1,
        max: 2,
        unit: 'session timeouts',
        description:
          'How long a server has to be silent on a connection; clients leave after two thirds of the timeout',
      },
      connections: {
        type: 'number',
        default: 2,
        min: 1,
        unit: 'connections',
        description: 'How many connections have to wait',
      },
    },
  },
  create({ model, options, report, notKept }) {
    const unanswered = new UnansweredRequests(model, options.share, notKept);

    /** The server's silence in which the request was sent. */
    function silenceAround(server: Server, time: number): Stretch | null {
      const silence = server.silences.find((s) => s.from <= time && time < s.to);
      if (silence !== undefined) return silence;
      if (server.lastTime > time) return null;
      return { from: server.lastTime, fromFrame: server.lastFrame, to: model.lastTime, toFrame: model.lastFrame };
    }

    return {
      ...unanswered.listener,
      end() {
        const hung = unanswered.collect().filter((u) => u.acknowledged);
        for (const group of incidents(
          hung,
          (u) => u.connection.server.address,
          (u) => u.time,
          30e9,
        )) {
          const server = group[0]!.connection.server;
          const silences = new Map<number, { stretch: Stretch; waiting: Unanswered[] }>();
          for (const u of group) {
            const stretch = silenceAround(server, u.time);
            if (stretch === null) continue;
            const known = silences.get(stretch.from);
            if (known === undefined) silences.set(stretch.from, { stretch, waiting: [u] });
            else known.waiting.push(u);
          }
          for (const { stretch, waiting } of silences.values()) {
            // A follower answers reads and pings by itself. Where all wait behind writes, it may be the leader that hangs.
            const stuck = waiting.length >= options.connections && waiting.some((u) => !u.forLeader);
            if (stuck) stalled(server, stretch, waiting);
          }
        }
      },
    };

    /** A process that hung closes the sockets which its clients have left as soon as it runs again. */
    function untilItCloses(stretch: Stretch, waiting: readonly Unanswered[]): Stretch {
      let end = stretch;
      for (const { connection } of waiting) {
        const closed = connection.tcp.toClient.fin ?? connection.tcp.toClient.rst;
        if (closed !== null && closed.time < end.to) end = { ...stretch, to: closed.time, toFrame: closed.frame };
      }
      return end;
    }

    function stalled(server: Server, silence: Stretch, waiting: readonly Unanswered[]): void {
      const stretch = untilItCloses(silence, waiting);
      const requests = waiting.reduce((sum, u) => sum + u.waiting, 0);
      const lossy = waiting.filter((u) => !u.lossy).length < options.connections;
      const entries = waiting.map((u): Affected => ({
        client: u.connection.client,
        session: u.connection.session?.id ?? null,
        frames: [u.frame, u.toFrame],
        waiting: u.waiting,
        waited: seconds(u.to - u.time),
      }));
      const first = waiting.reduce((a, b) => (b.time < a.time ? b : a));
      const evidence: Evidence[] = [
        { frame: stretch.fromFrame, time: stretch.from, text: `latest answer of ${server.address} to anybody` },
        {
          frame: first.frame,
          time: first.time,
          text: `${first.op} of ${first.connection.client}: acknowledged by TCP, never answered`,
        },
        { frame: first.toFrame, time: first.to, text: 'that client leaves' },
      ];
      const resumed = stretch.to < model.lastTime;
      if (resumed)
        evidence.push({
          frame: stretch.toFrame,
          time: stretch.to,
          text: 'the server answers or closes connections again',
        });
      report({
        severity: lossy ? 'warning' : 'error',
        confidence: lossy ? 'possible' : 'proven',
        title: `${server.address} hangs`,
        message: `${server.address} answered nobody for ${duration(stretch.to - stretch.from)}${resumed ? '' : ' (until the end of the capture)'} while its kernel acknowledged ${plural(requests, 'request')} on ${plural(waiting.length, 'connection')}; the clients left.`,
        remedy:
          'Look at that server for a garbage collection pause, a blocked disk (fsync warnings in its log), swapping or a suspended machine.',
        server: server.address,
        from: stretch.from,
        to: stretch.to,
        evidence,
        data: {
          silence: seconds(stretch.to - stretch.from),
          requests,
          connections: waiting.length,
          ...affectedData(entries),
        },
      });
    }
  },
});
