import type { HeldTally } from '../byteCollector.js';
import { GrpcDeframer, type GrpcMessage } from '../transport/grpc/deframer.js';
import type { GatewayCall } from './gatewayCall.js';
import type { EtcdMessage } from './message.js';
import { answersInTurn } from './operations.js';

/** One gRPC call. */
export interface Call {
  readonly id: number;
  /** Null where the header block with its :path was not captured, or could not be read. */
  path: string | null;
  op: string | null;
  /** The first block of the client, and of the server, has been seen. */
  asked: boolean;
  answered: boolean;
  status: number | null;
  readonly requests: GrpcDeframer;
  readonly responses: GrpcDeframer;
  readonly outstanding: EtcdMessage[];
  /** How many of them are counted as held. */
  counted: number;
  /** A unary response waits for the status that follows it. */
  held: GrpcMessage | null;
  /** More than one response came: the call is not unary, whatever its name. */
  streaming: boolean;
  responsesSeen: number;
  /** The call is one of the JSON gateway, whose bodies are no gRPC messages. */
  gateway: GatewayCall | null;
}

/** `aligned` is false where the first bytes that come need not be the first of a message. */
export function newCall(
  id: number,
  aligned: boolean,
  found: { request(message: GrpcMessage): void; response(message: GrpcMessage): void },
  tally: HeldTally,
): Call {
  return {
    id,
    path: null,
    op: null,
    asked: false,
    answered: false,
    status: null,
    requests: new GrpcDeframer(
      aligned,
      (message) => {
        found.request(message);
      },
      tally,
    ),
    responses: new GrpcDeframer(
      aligned,
      (message) => {
        found.response(message);
      },
      tally,
    ),
    outstanding: [],
    counted: 0,
    held: null,
    streaming: false,
    responsesSeen: 0,
    gateway: null,
  };
}

/** Renewals are answered in turn; where some went by unseen, the id tells which is answered. */
export function takeRequest(call: Call, op: string | null, leaseId: string | null): EtcdMessage | null {
  const { outstanding } = call;
  if (op !== null && !answersInTurn(op)) return null;
  let index = 0;
  if (op === 'LeaseKeepAlive' && leaseId !== null) {
    index = outstanding.findIndex((request) => request.fields.leaseId?.decimal === leaseId);
    if (index < 0) return null;
  }
  return outstanding.splice(0, index + 1)[index] ?? null;
}
