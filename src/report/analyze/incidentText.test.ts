import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { analysePackets, fixturePackets } from '../../testing/analyseCapture.js';
import { findingsOf, incidentLines, incidentText, nextText } from './incidentText.js';

const colour = new Chalk({ level: 0 });

describe.each([60, 80, 120])('incidents in a terminal of %i columns', (width) => {
  it.each(['incidents/sidecar-firewalled.pcap', 'incidents2/quorum-lost.pcap.gz', 'incidents/hot-loop.pcap.gz'])(
    '%s: no line is longer, and no command is broken',
    async (capture) => {
      const { document } = await analysePackets(fixturePackets(capture));
      const captures = [{ ...document.captures[0]!, file: `captures/${capture}` }];
      const told = document.incidents.map((incident) =>
        incidentText(incident, findingsOf(incident, document), nextText(incident, captures), { colour, width }),
      );
      const listed = incidentLines(document.incidents, captures, { colour, width });
      expect(listed.length).toBeGreaterThan(0);
      for (const [i, incident] of document.incidents.entries()) {
        const command = nextText(incident, captures);
        if (incident.findings.length > 1) expect(told[i]!.split('\n').at(-1)).toBe(`  next   ${command}`);
        expect(listed[i]!.split('\n').at(-1)).toContain(`→ ${command}`);
      }
      for (const line of [...told, ...listed].join('\n').split('\n')) {
        // A path or a command that is longer than a line stays whole.
        const words = line
          .replace(/^ {2}[a-z ]{7}/, '')
          .trim()
          .split(' ');
        if (!line.includes('zkscope ') && words.length > 1) expect(line.length, line).toBeLessThanOrEqual(width);
      }
    },
  );
});
