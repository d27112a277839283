import { duration, listing, plural } from '../../observations/words.js';
import type { ClientConnection } from '../../model/index.js';
import type { Moment } from '../../observations/connectionFacts.js';
import { ErrorCode } from '../../protocols/zookeeper/format/errors.js';
import type { ZooKeeperRequest } from '../../protocols/zookeeper/message.js';
import { OpCode } from '../../protocols/zookeeper/format/opcodes.js';
import { isSequential } from '../../protocols/zookeeper/format/enums.js';
import type { Evidence, Finding } from '../finding.js';
import { defineRule } from '../rule.js';
import { type Affected, affectedData, findingOn, incidents, subject } from '../support/affected.js';
import { endingOf } from '../support/ending.js';
import { WRITES } from '../support/operations.js';
import { oversize } from './oversize.js';
import { quorumLost } from './quorum-lost.js';
import { serverStall } from './server-stall.js';

type Outcome = 'applied' | 'not applied' | 'unknown';

/** A write whose connection ended without an answer. */
interface Lost {
  readonly connection: ClientConnection;
  readonly client: string;
  readonly ip: string;
  readonly session: string | null;
  readonly server: string;
  readonly request: ZooKeeperRequest;
  readonly path: string;
  readonly end: Moment & { readonly text: string };
  readonly acknowledged: Moment | null;
  readonly lossy: boolean;
  /** Version that the path had by the answered writes and Stats until then; -1 unknown. */
  readonly version: number;
  outcome: Outcome;
  proof: (Moment & { readonly text: string }) | null;
}

/**
 * Writes without an answer, as write-outcome-unknown keeps them.
 * @bound of them
 */
const MAX = 5000;
const MAX_PATHS = 20_000;
/** Connections that one event ended. */
const APART = 10e9;
const SHOWN = 4;
const SEQUENCE = /\d{10}$/;

export const writeOutcomeUnknown = defineRule({
  meta: {
    name: 'write-outcome-unknown',
    summary: 'A connection ended while a write waited for its answer: it may have been applied or not',
    documentation: {
      meaning:
        'The server’s TCP had the write, the connection ended, no answer came. The client cannot know whether it was applied; one that simply repeats it may do it twice. What became of it is said where the capture shows it: applied, not applied, or unknown.',
      proof:
        'The request, the acknowledgement of its last byte, and the frame that ended the connection. Likely where no acknowledgement was captured. The outcome: the answer to the same write repeated (NodeExists, NoNode, BadVersion, or success where it could not have succeeded), and the versions in the Stats of answered writes.',
      lookalikes:
        'Reads and pings under way; a write answered late; closeSession; a write that nobody read because the server had closed before; a request that is too long (oversize: it was not applied); the end of the capture, or a gap in it.',
      remedy:
        'Make writes safe to repeat: create with a name of your own (Curator withProtection), setData with the version, a check in a multi; after a lost connection read before you write again.',
    },
    options: {
      grace: {
        type: 'number',
        default: 1,
        unit: 'seconds',
        description: 'How much of the capture has to follow the write',
      },
    },
  },
  causes: [oversize, quorumLost, serverStall],
  create({ model, options, report, findingsOf }) {
    const lost: Lost[] = [];
    /** Of those, by path, whose outcome is looked for. */
    const open = new Map<string, Lost[]>();
    /** Data version of paths, by the answered writes. */
    const versions = new Map<string, number>();
    let more = 0;

    function note(path: string, version: number): void {
      if (versions.size >= MAX_PATHS && !versions.has(path)) versions.clear();
      versions.set(path, version);
    }

    function closed(connection: ClientConnection): void {
      const ending = endingOf(connection);
      if (ending === null || connection.outstanding.size === 0) return;
      // The whole other direction is missing, or bytes of it were lost: it may have been answered.
      if (connection.responses === 0 || (connection.gaps > 0 && connection.tcp.toClient.gapBytes > 0)) return;
      const { toServer, toClient } = connection.tcp;
      const byServer = toClient.fin ?? toClient.rst;
      for (const request of connection.outstanding) {
        if (!WRITES.has(request.opcode) || request.opcode === OpCode.closeSession) continue;
        const path = request.path ?? request.body?.ops?.find((op) => op.path !== undefined)?.path;
        if (path === undefined) continue;
        // Sent after the server had closed: nobody read it.
        if (byServer !== null && byServer.frame < request.frame) continue;
        const arrived = toServer.acked >= request.streamEnd;
        if (!arrived && toClient.rst !== null && toServer.acked < request.streamEnd - request.length - 4) continue;
        if (connection.lastGap !== null && connection.lastGap.time >= request.time) continue;
        if (model.lastTime - request.time < options.grace * 1e9 && connection.tcp.end === 'open') continue;
        if (lost.length >= MAX) {
          more++;
          continue;
        }
        const acknowledged =
          arrived && toServer.ackedFrame >= request.frame
            ? { frame: toServer.ackedFrame, time: toServer.ackedTime }
            : null;
        const one: Lost = {
          ...{ connection, client: connection.client, ip: connection.host.ip, session: connection.session?.id ?? null },
          ...{ server: connection.server.address, request, path },
          end: { frame: ending.frame, time: ending.time, text: `${ending.kind} of the ${ending.by}` },
          acknowledged: arrived ? (acknowledged ?? { frame: request.frame, time: request.time }) : null,
          lossy: connection.gaps > 0,
          version: versions.get(path) ?? -1,
          ...{ outcome: 'unknown', proof: null },
        };
        lost.push(one);
        open.set(path, [...(open.get(path) ?? []), one]);
      }
    }

    /** The same client sends the same write again. */
    function isRepetition(one: Lost, request: ZooKeeperRequest, connection: ClientConnection): boolean {
      if (one.outcome !== 'unknown' || request.time <= one.request.time || connection === one.connection) return false;
      const own = connection.session?.id === one.session || connection.host.ip === one.ip;
      return (
        own &&
        request.op === one.request.op &&
        request.path === one.request.path &&
        request.length === one.request.length
      );
    }

    function settle(one: Lost, outcome: Outcome, frame: number, time: number, text: string): void {
      one.outcome = outcome;
      one.proof = { frame, time, text };
    }

    return {
      responsesWanted: { opcodes: [...WRITES, OpCode.getData, OpCode.exists] },
      response(m, connection) {
        const request = m.request;
        if (request?.path == null) return;
        const waiting = open.size === 0 ? undefined : open.get(request.path);
        const { opcode } = request;
        if (waiting !== undefined && WRITES.has(opcode)) {
          for (const one of waiting)
            if (isRepetition(one, request, connection)) repeated(one, m.err, m.path, m.frame, m.time, request);
        }
        if (m.err !== 0) return;
        if (opcode === OpCode.setData) {
          const stat = m.stat();
          if (stat === null) return;
          for (const one of waiting ?? []) settleByVersion(one, stat.version, m.frame, m.time, true);
          note(request.path, stat.version);
        } else if (opcode === OpCode.create || opcode === OpCode.create2) {
          note(m.path ?? request.path, 0);
        } else if (waiting !== undefined && (opcode === OpCode.getData || opcode === OpCode.exists)) {
          const stat = m.stat();
          if (stat === null) return;
          for (const one of waiting) settleByVersion(one, stat.version, m.frame, m.time, false);
        }
      },
      connectionClosed: closed,
      end() {
        for (const connection of model.connections.values()) if (connection.tcp.end !== 'open') closed(connection);
        const tooLong = findingsOf(oversize);
        const told = lost.filter(
          (one) =>
            findingOn(
              tooLong,
              (e) =>
                e.client === one.client || (e.session !== null && e.session === one.session && e.path === one.path),
            ) === undefined,
        );
        for (const group of incidents(
          told,
          (one) => one.server,
          (one) => one.end.time,
          APART,
        ))
          tell(group);
      },
    };

    function repeated(
      one: Lost,
      err: number,
      path: string | null,
      frame: number,
      time: number,
      request: ZooKeeperRequest,
    ): void {
      const create = request.op.startsWith('create');
      if (create && isSequential(request.flags)) {
        // It always succeeds; only number 0 says that nothing was made there before.
        const number = path === null ? null : (SEQUENCE.exec(path)?.[0] ?? null);
        if (err === 0 && number !== null && Number(number) === 0) {
          settle(one, 'not applied', frame, time, `the repeated create gets number 0: nothing had been made there`);
        }
        return;
      }
      const already = create ? ErrorCode.NodeExists : request.op === 'delete' ? ErrorCode.NoNode : null;
      if (err !== 0 && err === already)
        settle(
          one,
          'applied',
          frame,
          time,
          `the repeated ${request.op} is answered ${create ? 'NodeExists' : 'NoNode'}`,
        );
      else if (err === 0 && already !== null)
        settle(one, 'not applied', frame, time, `the repeated ${request.op} succeeds, as it could not have`);
      else if (err === ErrorCode.BadVersion)
        settle(one, 'applied', frame, time, `the repeated ${request.op} is answered BadVersion`);
    }

    /** An answered setData, or a Stat, shows how many writes of the data there were. */
    function settleByVersion(one: Lost, now: number, frame: number, time: number, write: boolean): void {
      if (one.outcome !== 'unknown' || one.request.opcode !== OpCode.setData || one.version < 0) return;
      const expected = one.version + (write ? 1 : 0);
      if (now === expected && write)
        settle(
          one,
          'not applied',
          frame,
          time,
          `the next answered write makes version ${now}: only itself after ${one.version}`,
        );
      else if (now === expected + 1) {
        settle(
          one,
          'applied',
          frame,
          time,
          `version ${now}, where the answered writes explain ${expected}: the unanswered one counts`,
        );
      }
    }

    function tell(group: readonly Lost[]): void {
      const first = group[0]!;
      const { server } = first;
      const entries = group.map((one): Affected => ({
        ...{ client: one.client, session: one.session, path: one.path },
        frames: [one.request.frame, one.acknowledged?.frame, one.end.frame, one.proof?.frame].filter(
          (f) => f !== undefined,
        ),
        ...{ op: one.request.op, outcome: one.outcome },
      }));
      const from = Math.min(...group.map((one) => one.request.time));
      const to = Math.max(...group.map((one) => one.end.time));
      const outcomes = (['applied', 'not applied', 'unknown'] as const)
        .map((outcome) => ({ outcome, of: group.filter((one) => one.outcome === outcome).length }))
        .filter(({ of }) => of > 0);
      const evidence = group
        .slice(0, SHOWN)
        .flatMap((one): Evidence[] => [
          { frame: one.request.frame, time: one.request.time, text: `${one.request.op} of ${one.path}` },
          ...(one.acknowledged === null || one.acknowledged.frame === one.request.frame
            ? []
            : [{ ...one.acknowledged, text: `the server’s TCP has the ${one.request.op} of ${one.path}` }]),
          { ...one.end, text: `${one.end.text}: no answer came to ${one.client}` },
          ...(one.proof === null ? [] : [one.proof]),
        ]);
      const during = (f: Finding): boolean => f.from <= to && f.to >= from;
      const cause =
        findingsOf(quorumLost).find(during) ?? findingsOf(serverStall).find((f) => f.server === server && during(f));
      const clients = new Set(entries.map((e) => e.client)).size;
      const proven = group.some((one) => one.acknowledged !== null && !one.lossy);
      const paths = [...new Set(group.map((one) => one.path))];
      const became =
        group.length === 1
          ? first.outcome === 'unknown'
            ? 'whether it was applied is not in the capture'
            : `it was ${first.outcome}${first.proof === null ? '' : ` (${first.proof.text})`}`
          : listing(outcomes.map(({ outcome, of }) => `${of} ${outcome}`));
      report({
        severity: 'warning',
        confidence: proven ? 'proven' : 'likely',
        title: group.length === 1 ? 'A write without an answer' : `${group.length} writes without an answer`,
        message: `${clients === 1 ? first.client : plural(clients, 'client')} had ${plural(group.length, 'write')} under way (${listing(paths)}) when ${clients === 1 ? 'its connection' : 'their connections'} to ${server} ended, up to ${duration(Math.max(...group.map((one) => one.end.time - one.request.time)))} later${proven ? '; the server’s TCP had acknowledged them' : ''}; ${became}.`,
        remedy:
          'After a lost connection read before you write again, and make writes safe to repeat (withProtection in Curator, setData with the version).',
        ...subject(entries),
        server,
        from,
        to,
        evidence: evidence.sort((a, b) => a.frame - b.frame),
        data: {
          writes: group.length,
          outcome: outcomes.length === 1 ? outcomes[0]!.outcome : 'mixed',
          acknowledged: group.filter((one) => one.acknowledged !== null).length,
          ...(more > 0 ? { notListed: more } : {}),
          ...affectedData(entries),
        },
        cause,
      });
    }
  },
});
