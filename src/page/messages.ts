import type { GivenFile } from './system/files.js';

/** A command line to run. */
export interface RunRequest {
  readonly kind: 'run';
  readonly id: number;
  readonly argv: readonly string[];
  readonly columns: number;
  readonly colour: boolean;
  /** Characters or bytes of output behind which the command is told that nobody reads any more. */
  readonly limit: number;
}

export type ToWorker =
  RunRequest | { readonly kind: 'files'; readonly files: readonly GivenFile[] } | { readonly kind: 'interrupt' };

export interface RunResult {
  readonly kind: 'done';
  readonly id: number;
  readonly status: number;
  readonly output: Blob;
  /** What went to standard error. */
  readonly said: string;
}

export type FromWorker =
  RunResult | { readonly kind: 'progress'; readonly id: number; readonly read: number; readonly total: number | null };
