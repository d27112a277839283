import { describe, expect, it } from 'vitest';
import type { FindingEntry } from '../report/analyze/document.js';
import { analysePackets, fixture, fixturePackets } from '../testing/analyseCapture.js';
import { thinned } from '../testing/lossRewriting.js';
import { judge, matches, truths } from '../testing/truth.js';

const RATIOS = [0.01, 0.05, 0.2];
const SEEDS = [1, 2, 3];
const all = truths('tls/incidents');
const keysOf = (name: string): Buffer => fixture(`tls/incidents/${name}.keys`);

const shown = ({ severity, confidence, rule, message }: FindingEntry): string =>
  `${severity} ${confidence} ${rule} ${message}`;

async function findings(name: string, keys: boolean): Promise<FindingEntry[]> {
  const packets = fixturePackets(`tls/incidents/${name}.pcap.gz`);
  return (await analysePackets(packets, {}, keys ? keysOf(name) : undefined)).document.findings;
}

describe('TLS that fails', () => {
  it('is all there', () => {
    expect(all.map(({ name }) => name)).toEqual([
      ...['client-certificate', 'expired', 'healthy', 'mismatch', 'soon', 'unknown-ca', 'wrong-port'],
    ]);
  });

  for (const truth of all) {
    const { name } = truth;
    it(`${name}: ${truth.expect.length} owed, nothing else`, async () => {
      const found = await findings(name, true);
      expect(judge(truth, found)).toEqual([]);
      for (const claim of truth.expect) {
        const { refusedBy, alert, attempts, state } = claim as Record<string, unknown>;
        const data = { refusedBy, alert, attempts, state };
        const wanted = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
        expect(found.filter((finding) => matches(claim, finding)).map((finding) => finding.data)).toContainEqual(
          expect.objectContaining(wanted),
        );
      }
      for (const finding of found) {
        expect(shown(finding)).not.toMatch(/undefined|null|NaN|\[object/);
        expect(finding.title.length, finding.title).toBeLessThan(60);
        const frames = finding.evidence.map(({ frame }) => frame);
        expect(frames).toEqual([...frames].sort((a, b) => a - b));
      }
    });

    it(`${name}: without keys nothing is said that is not so`, async () => {
      const whole = new Set((await findings(name, true)).map(({ rule, severity }) => `${rule} ${severity}`));
      for (const finding of await findings(name, false)) {
        expect([...whole], shown(finding)).toContain(`${finding.rule} ${finding.severity}`);
      }
    });

    it(`${name}: frames that the capture lost prove nothing new`, async () => {
      const packets = fixturePackets(truth.capture);
      const whole = new Set((await findings(name, true)).map(({ rule }) => rule));
      for (const keys of [keysOf(name), undefined]) {
        for (const ratio of RATIOS) {
          for (const seed of SEEDS) {
            const { document } = await analysePackets(thinned(packets, seed, ratio), {}, keys);
            for (const finding of document.findings) {
              const told = `${ratio}, seed ${seed}: ${shown(finding)}`;
              if (finding.confidence === 'proven') expect(whole.has(finding.rule), told).toBe(true);
              if (finding.severity !== 'info') expect(whole.has(finding.rule), told).toBe(true);
            }
          }
        }
      }
    });
  }

  it('is one finding a cause, and an expired certificate explains who refuses it', async () => {
    const count = async (name: string): Promise<string[]> =>
      (await findings(name, true)).map(({ rule }) => rule).sort();
    expect(await count('unknown-ca')).toEqual(['tls-handshake-failed']);
    expect(await count('mismatch')).toEqual(['tls-handshake-failed', 'tls-handshake-failed']);
    expect(await count('client-certificate')).toEqual(['tls-handshake-failed', 'tls-handshake-failed']);
    const expired = await findings('expired', true);
    expect(expired.map(({ rule }) => rule).sort()).toEqual(['certificate-expiry', 'tls-handshake-failed']);
    const [cause, consequence] = expired;
    expect(cause!.rule).toBe('certificate-expiry');
    expect(consequence!.cause).toBe(cause!.id);
  });

  it('says who refused whom, and why', async () => {
    const [unknown] = await findings('unknown-ca', true);
    expect(unknown!.message).toContain('10.77.0.22 and 10.77.0.21 refused 10.77.0.11:2281 in 7 attempts (unknown_ca)');
    expect(unknown!.message).toContain('2 other clients did');
    const certificates = (await findings('client-certificate', true)).map(({ message }) => message).join('\n');
    expect(certificates).toContain('10.77.0.12:2281 refused 10.77.0.22 in 3 attempts (certificate_unknown)');
    expect(certificates).toContain('CN=stranger.lab,O=zkscope lab, issued by CN=another CA,O=zkscope lab');
    expect(certificates).toContain('the client sent none');
  });
});

describe('the same work in plain text and over TLS', () => {
  const EPHEMERAL = /\d+\.\d+\.\d+\.\d+:\d+|0x[0-9a-f]+|\b\d+(?:\.\d+)? (?:ms|s)\b/g;
  const gist = (found: readonly FindingEntry[]): string[] =>
    found.map((finding) => shown(finding).replace(EPHEMERAL, '…')).sort();

  it.each([
    ['rewatch', ['missing-rewatch']],
    ['firewall', ['connect-timeout', 'ephemeral-not-recreated', 'half-open-connection', 'session-expired']],
  ])('%s: the same findings', async (name, rules) => {
    const plain = await findings(`${name}-plain`, false);
    const tls = await findings(`${name}-tls`, true);
    expect(plain.map(({ rule }) => rule).sort()).toEqual(rules);
    expect(gist(tls)).toEqual(gist(plain));
  });

  it('an unanswered SYN to the TLS port is one to ZooKeeper, also without keys', async () => {
    const found = await findings('firewall-tls', false);
    expect(found.map(({ rule }) => rule)).toContain('connect-timeout');
  });

  it('says nothing of a stopped process where a firewall takes the ACKs that are in the capture', async () => {
    for (const name of ['firewall-plain', 'firewall-tls']) {
      const expired = (await findings(name, name === 'firewall-tls')).filter(({ rule }) => rule === 'session-expired');
      expect(expired).toHaveLength(1);
      expect(expired[0]!.message).not.toContain('the process was stopped');
    }
  });
});
