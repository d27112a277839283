import type { ChalkInstance } from 'chalk';
import { wrap } from '../../report/text/wrap.js';
import { type Block, type Topic, topics } from './topics.js';

export interface TopicTextOptions {
  readonly colour: ChalkInstance;
  /** Columns of the terminal. */
  readonly width: number;
}

function blockText(block: Block, { colour, width }: TopicTextOptions): string {
  if (typeof block === 'string') return wrap(block, width, '  ');
  if ('commands' in block) return block.commands.map((command) => `    ${colour.cyan(command)}`).join('\n');
  return block.terms.map(([term, text]) => `  ${colour.bold(term)}\n${wrap(text, width, '      ')}`).join('\n');
}

/** One topic for the terminal. */
export function topicText(topic: Topic, options: TopicTextOptions): string {
  const heading = `${options.colour.bold(topic.name)}: ${topic.summary}`;
  return `${[heading, ...topic.blocks.map((block) => blockText(block, options))].join('\n\n')}\n`;
}

/** The list of topics, for the end of the general help. */
export function topicList(): string {
  const longest = Math.max(...topics.map(({ name }) => name.length));
  const lines = topics.map(({ name, summary }) => `  ${name.padEnd(longest)}  ${summary}`);
  return ['', 'Topics (zkscope help TOPIC):', ...lines].join('\n');
}
