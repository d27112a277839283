import type { Tool } from '../../observations/values.js';
import type { ReportData } from './data.js';

/** What `zkscope report --json` prints: all that the page shows. */
export interface ReportDocument extends Omit<ReportData, 'version'> {
  readonly schemaVersion: 1;
  readonly tool: Tool;
}

/** The report as a document. */
export function reportDocument({ version, ...shown }: ReportData): ReportDocument {
  return { schemaVersion: 1, tool: { name: 'zkscope', version }, ...shown };
}
