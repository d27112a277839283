import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';

/** An installed Firefox; undefined where there is none. */
export const FIREFOX = ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find(existsSync);

const LISTENING = /WebDriver BiDi listening on (ws:\/\/\S+)/;

type Json = Readonly<Record<string, unknown>>;

interface Answer {
  readonly type: string;
  readonly id?: number;
  readonly result?: Json;
  readonly method?: string;
  readonly params?: Json;
  readonly message?: string;
}

/** A Firefox as it is installed, spoken to by WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/); one page in it. */
export class Firefox {
  /** Lines of the page's console, and errors. */
  readonly console: string[] = [];
  /** Addresses that were asked for. */
  readonly requests: string[] = [];
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private last = 0;
  private context = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: string,
    private readonly socket: WebSocket,
  ) {
    socket.on('message', (data: Buffer) => {
      this.heard(JSON.parse(data.toString()) as Answer);
    });
  }

  static async start(): Promise<Firefox> {
    const profile = mkdtempSync(join(tmpdir(), 'zkscope-firefox-'));
    const argv = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'];
    const child = spawn(FIREFOX!, argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    const address = await new Promise<string>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = LISTENING.exec(said);
        if (found !== null) resolve(found[1]!);
      });
      child.on('exit', () => {
        reject(new Error(`Firefox ended: ${said}`));
      });
    });
    const socket = new WebSocket(`${address}/session`);
    await once(socket, 'open');
    const firefox = new Firefox(child, profile, socket);
    await firefox.send('session.new', { capabilities: {} });
    await firefox.send('session.subscribe', { events: ['log.entryAdded', 'network.beforeRequestSent'] });
    const { contexts } = await firefox.send('browsingContext.getTree', {});
    firefox.context = (contexts as { context: string }[])[0]!.context;
    return firefox;
  }

  async open(address: string): Promise<void> {
    await this.send('browsingContext.navigate', { context: this.context, url: address, wait: 'complete' });
  }

  /** Runs a JavaScript expression in the page; what it gives, awaited, must be a string, a number or nothing. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('script.evaluate', {
      expression,
      target: { context: this.context },
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  }

  /** Gives files to a file input, as a person does who chooses them. */
  async setFiles(selector: string, files: readonly string[]): Promise<void> {
    const locator = { type: 'css', value: selector };
    const { nodes } = await this.send('browsingContext.locateNodes', { context: this.context, locator });
    const [{ sharedId }] = nodes as [{ sharedId: string }];
    await this.send('input.setFiles', { context: this.context, element: { sharedId }, files });
  }

  async close(): Promise<void> {
    const ended = once(this.child, 'exit');
    await this.send('browser.close', {}).catch(() => this.child.kill());
    await ended;
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }

  private send(method: string, params: Json): Promise<Json> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ type, result, message }) => {
        if (type === 'success') resolve(result ?? {});
        else reject(new Error(`${method}: ${message ?? type}`));
      });
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }

  private heard(answer: Answer): void {
    const { id, method, params } = answer;
    if (id !== undefined) {
      this.waiting.get(id)?.(answer);
      this.waiting.delete(id);
    } else if (method === 'log.entryAdded') this.console.push(String(params?.['text']));
    else if (method === 'network.beforeRequestSent') this.requests.push((params?.['request'] as { url: string }).url);
  }
}
