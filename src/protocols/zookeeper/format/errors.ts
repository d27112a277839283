import { nameIn } from '../../numberNames.js';

/** KeeperException codes under their names there, ZooKeeper 3.4 to 3.9. */
const errors = new Map<number, string>([
  [0, 'Ok'],
  [-1, 'SystemError'],
  [-2, 'RuntimeInconsistency'],
  [-3, 'DataInconsistency'],
  [-4, 'ConnectionLoss'],
  [-5, 'MarshallingError'],
  [-6, 'Unimplemented'],
  [-7, 'OperationTimeout'],
  [-8, 'BadArguments'],
  [-12, 'UnknownSession'],
  [-13, 'NewConfigNoQuorum'],
  [-14, 'ReconfigInProgress'],
  [-100, 'APIError'],
  [-101, 'NoNode'],
  [-102, 'NoAuth'],
  [-103, 'BadVersion'],
  [-108, 'NoChildrenForEphemerals'],
  [-110, 'NodeExists'],
  [-111, 'NotEmpty'],
  [-112, 'SessionExpired'],
  [-113, 'InvalidCallback'],
  [-114, 'InvalidACL'],
  [-115, 'AuthFailed'],
  [-118, 'SessionMoved'],
  [-119, 'NotReadOnly'],
  [-120, 'EphemeralOnLocalSession'],
  [-121, 'NoWatcher'],
  [-122, 'RequestTimeout'],
  [-123, 'ReconfigDisabled'],
  [-124, 'SessionClosedRequireSaslAuth'],
  [-125, 'QuotaExceeded'],
  [-127, 'ThrottledOp'],
]);

export const ErrorCode = {
  RuntimeInconsistency: -2,
  NoNode: -101,
  NoAuth: -102,
  BadVersion: -103,
  NodeExists: -110,
  NotEmpty: -111,
  SessionExpired: -112,
  AuthFailed: -115,
  SessionMoved: -118,
} as const;

/** Name of an error code, `unknown(N)` where ZooKeeper defines none. */
export function errorName(code: number): string {
  return nameIn(errors, code);
}

export const isErrorCode = (code: number): boolean => errors.has(code);

/** All of them, and 0. */
export const errorCodes: readonly number[] = [...errors.keys()];

/** Names for help texts and the `--error` filter. */
export const errorNames: readonly string[] = [...errors.values()].filter((name) => name !== 'Ok');
