import { analyzeDocument } from '../report/analyze/build.js';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { CaptureReader } from '../observations/captureReader.js';
import { KeyStore } from '../protocols/tls/keys/keyStore.js';
import { Analysis, type AnalysisOptions } from '../rules/analysis.js';
import type { AnalyzeDocument } from '../report/analyze/document.js';
import { type Packet, readCapture, writePcap } from './captureFile.js';

export interface Analysed {
  readonly analysis: Analysis;
  readonly document: AnalyzeDocument;
}

/** Model and rules over captures that are given as bytes (several: files of one ring); `keys` is a key log for TLS. */
export async function analyse(
  files: readonly Buffer[],
  options: AnalysisOptions = {},
  keys?: Buffer,
): Promise<Analysed> {
  const tlsKeys = new KeyStore();
  if (keys !== undefined) tlsKeys.add(keys);
  const analysis = new Analysis(options);
  const inputs = files.map((bytes, i) => ({ name: `capture${i}`, stream: Readable.from([bytes]) }));
  const reader = new CaptureReader(inputs, analysis.sink, { tlsKeys });
  await reader.read();
  analysis.end(reader.last.time);
  return { analysis, document: analyzeDocument(analysis, reader.captures, reader.clock) };
}

export function analysePackets(
  packets: readonly Packet[],
  options: AnalysisOptions = {},
  keys?: Buffer,
): Promise<Analysed> {
  return analyse([writePcap(packets)], options, keys);
}

/** Bytes of a fixture, unpacked. */
export function fixture(path: string): Buffer {
  const bytes = readFileSync(new URL(`../../fixtures/${path}`, import.meta.url));
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

export function fixturePackets(path: string): Packet[] {
  return readCapture(fixture(path));
}
