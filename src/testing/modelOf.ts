import { Readable } from 'node:stream';
import { Model, type ModelListener } from '../model/index.js';
import { CaptureReader } from '../observations/captureReader.js';

/** The model of a capture that is given as bytes; `listeners` makes those that listen to it from its beginning. */
export async function modelOf(
  capture: Buffer,
  listeners: (model: Model) => readonly ModelListener[] = () => [],
): Promise<Model> {
  const model = new Model();
  for (const listener of listeners(model)) model.addListener(listener);
  const reader = new CaptureReader([{ name: 'capture', stream: Readable.from([capture]) }], model);
  await reader.read();
  model.end(reader.last.time);
  return model;
}
