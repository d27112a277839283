import type { ChalkInstance } from 'chalk';

/** How text for people is laid out. */
export interface TextStyle {
  readonly colour: ChalkInstance;
  /** Columns. */
  readonly width: number;
  /** All that was lost or not understood, for the text to say. */
  readonly losses: readonly string[];
  /** How the zone is called of the times that the document has. */
  readonly zone: string;
}
