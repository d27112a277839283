import type { GapLine, MessageLine } from '../../observations/fields.js';
import type { RecordOf } from '../../protocols/field.js';
import type { aclFieldTable, operationFieldTable, statFieldTable } from '../../protocols/zookeeper/fields.js';

/** Types of what `zkscope decode --json` prints and `decode()` yields: they follow from the declarations of the fields. */
export type DecodedMessage = MessageLine;
export type DecodedGap = GapLine;
export type AclRecord = RecordOf<typeof aclFieldTable>;
/** 64-bit numbers as `0x…`; ctime and mtime in milliseconds since the epoch. */
export type StatRecord = RecordOf<typeof statFieldTable>;
export type OperationRecord = RecordOf<typeof operationFieldTable>;
