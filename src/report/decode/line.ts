import { durationText, numberText } from '../../observations/words.js';
import type { ChalkInstance } from 'chalk';
import type { MessageRecord } from '../../observations/record.js';
import type { LinePart } from '../../protocols/field.js';
import { allProtocols } from '../../protocols/registry.js';
import { shortText } from '../text/shortNames.js';
import { printable } from '../text/escape.js';
import { plainText } from './fields.js';

function gapText(record: MessageRecord): string {
  const bytes = `${numberText(Number(record['bytes']))} bytes`;
  const where = record['direction'] === 'request' ? 'to the server' : 'to the client';
  switch (record['reason']) {
    case 'foreign':
      return `${bytes} ${where} are not ZooKeeper's: ${printable(String(record['foreign']))}`;
    case 'encrypted':
      return `${bytes} ${where} are encrypted: ${printable(String(record['encrypted']))}`;
    case 'skipped':
      return `${bytes} ${where} belong to no message that could be aligned`;
    default:
      return `${bytes} ${where} are not in the capture`;
  }
}

/** One line a message, in columns that grow with what they have to hold. */
export class MessageLines {
  private day = '';
  private clientWidth = 21;
  private serverWidth = 15;
  private readonly protocols = new Map(allProtocols().map((protocol) => [protocol.name, protocol]));

  /** @param zone how the zone of the times is called */
  constructor(
    private readonly colour: ChalkInstance,
    private readonly zone = 'UTC',
  ) {}

  /** The line (or two: a heading where a new day begins), with its line end. */
  format(record: MessageRecord): string {
    const time = String(record['time']);
    const day = time.slice(0, 10);
    const { colour } = this;
    const heading = day === this.day ? '' : `${colour.bold(`${day} ${this.zone}`)}\n`;
    this.day = day;
    const client = String(record['client']);
    const server = String(record['server']);
    this.clientWidth = Math.max(this.clientWidth, client.length);
    this.serverWidth = Math.max(this.serverWidth, server.length);
    const kind = record['kind'];
    const arrow = kind === 'request' || record['direction'] === 'request' ? '→' : '←';
    const session = typeof record['session'] === 'string' ? record['session'] : '-';
    const op = (plainText(record['op']) || (kind === 'gap' ? 'gap' : '?')).padEnd(13);
    return (
      `${heading}${String(record['frame']).padStart(6)} ${time.slice(11, -1)} ` +
      `${client.padEnd(this.clientWidth)} ${arrow} ${server.padEnd(this.serverWidth)} ${session.padEnd(18)} ` +
      `${kind === 'notification' ? colour.cyan(op) : op} ${this.details(record)}`.trimEnd() +
      '\n'
    );
  }

  /** Text of the fields that are not columns of their own. */
  private details(record: MessageRecord): string {
    const { colour } = this;
    if (record['kind'] === 'gap') return colour.yellow(gapText(record));
    const own = this.protocols.get(String(record['protocol']))?.line(record) ?? [];
    const parts = own.filter((part) => part.last !== true).map((part) => this.part(part));
    if (typeof record['error'] === 'string') parts.push(colour.red(printable(record['error'])));
    const wait = record['latency'] ?? record['duration'];
    if (typeof wait === 'number') parts.push(colour.dim(durationText(wait)));
    parts.push(...own.filter((part) => part.last === true).map((part) => this.part(part)));
    if (record['truncated'] === true) parts.push(colour.yellow('(truncated)'));
    if (typeof record['data'] === 'string') parts.push(`base64:${record['data']}`);
    return parts.join(' ');
  }

  private part({ label, value, tone }: LinePart): string {
    const said = shortText(plainText(value));
    const text = label === undefined ? said : `${label}=${said}`;
    switch (tone) {
      case 'bad':
        return this.colour.red(text);
      case 'faint':
        return this.colour.dim(text);
      case 'warning':
        return this.colour.yellow(text);
      default:
        return text;
    }
  }
}
