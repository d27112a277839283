import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { ReportData } from '../../report/postmortem/data.js';
import { schemaText } from '../../report/schemas.js';
import { runCli } from '../../testing/runCli.js';

const incident = (name: string): string =>
  fileURLToPath(new URL(`../../../fixtures/incidents/${name}`, import.meta.url));

describe('zkscope report --json', () => {
  const validate = new Ajv2020({ strict: false, allowUnionTypes: true }).compile(
    JSON.parse(schemaText('report')) as object,
  );

  it.each(['sidecar-drop.pcap', 'rpcx-blind-window.pcap.gz', 'rewatch-ok.pcap', 'healthy-mixed.pcap.gz'])(
    'keeps to its schema on %s, and tells the findings of analyze',
    async (name) => {
      const { stdout, status } = await runCli('report', '--json', incident(name));
      expect(status).toBe(0);
      const document = JSON.parse(stdout) as ReportData;
      expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
      const { stdout: analysis } = await runCli('analyze', '--json', incident(name));
      const { findings } = JSON.parse(analysis) as { findings: { rule: string }[] };
      expect(document.findings.map(({ rule }) => rule)).toEqual(findings.map(({ rule }) => rule));
      expect(document.lanes.length).toBeGreaterThan(0);
    },
  );
});
