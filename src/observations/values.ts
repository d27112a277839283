/**
 * Kinds of values in JSON documents. The schemas are made of the documents' types, so what a value may be is said here, in
 * tags that the schema generator reads.
 */

/** @asType integer
 * @minimum 0 */
export type Count = number;

/** @asType integer */
export type Integer = number;

/** @asType integer
 * @minimum 1 */
export type Ordinal = number;

/** @minimum 0 */
export type NotNegative = number;

/**
 * seconds
 * @minimum 0
 */
export type Seconds = number;

/** @pattern ^0x(0|[1-9a-f][0-9a-f]{0,15})$ */
export type Hex64 = string;

/** @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?Z$ */
export type Time = string;

/** Time with the fraction of a second that the capture gives.
 * @pattern ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,12}Z$ */
export type CaptureTime = string;

/** `10.0.0.1:2181` or `[fd77::1]:2181` */
export type Address = string;

/** What wrote a document.
 * @additionalProperties false */
export interface Tool {
  name: 'zkscope';
  version: string;
}
