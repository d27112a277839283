/**
 * What everything behind the wall may know of captures: their names, what is told of them, the clock of a run. It imports
 * these from here, and nothing else of capture/ and network/.
 */
export { CaptureError, decodedLines } from '../capture/captureError.js';
export type { CaptureInfo } from '../capture/captureInfo.js';
export type { CaptureInput } from '../capture/captureInput.js';
export { splitHost, type LatencyParts } from '../capture/hosts.js';
export { Clock, type TimeZone } from '../capture/clock.js';
export type { Problem } from '../network/problems.js';
