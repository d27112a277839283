export type Severity = 'error' | 'warning' | 'info';
/** `proven`: the messages that prove it are all in the capture. `likely` and `possible`: a link is inferred. */
export type Confidence = 'proven' | 'likely' | 'possible';

export const severities: readonly Severity[] = ['error', 'warning', 'info'];
export const confidences: readonly Confidence[] = ['proven', 'likely', 'possible'];

/** A frame that a sceptic can look up, and what it shows. `time` is nanoseconds since the base of the Clock. */
export interface Evidence {
  readonly frame: number;
  readonly time: number;
  readonly text: string;
}

/** Value that becomes JSON; times are given as `Instant`. */
export type DataValue =
  string | number | boolean | null | Instant | readonly DataValue[] | { readonly [key: string]: DataValue };

/** A moment within `data`: printed as the clock of the capture says. */
export class Instant {
  constructor(readonly time: number) {}
}

/** One incident, however many clients it hit. Times are nanoseconds since the base of the Clock. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** Short: a heading. */
  readonly title: string;
  /** One plain sentence with the numbers in it. */
  readonly message: string;
  readonly remedy: string;
  /** `ip:port` where it is about one connection, `ip` where it is about a host. */
  readonly client?: string;
  readonly server?: string;
  readonly session?: string | null;
  readonly connection?: number;
  readonly path?: string;
  readonly from: number;
  readonly to: number;
  readonly evidence: readonly Evidence[];
  /** What was broken and, as far as the capture goes, stayed so: a sentence without a full stop. */
  readonly unrepaired?: string | undefined;
  /** The finding that explains this one: same event, wider view. */
  readonly cause?: Finding | undefined;
  /** Findings that this one explains, where they were reported before it. */
  readonly consequences?: readonly Finding[] | undefined;
  readonly data: Readonly<Record<string, DataValue>>;
}
