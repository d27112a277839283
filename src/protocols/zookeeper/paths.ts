import type { ZooKeeperMessage } from './message.js';
import type { RequestBody } from './format/records.js';

function bodyPaths(body: RequestBody): string[] {
  const { ops, dataWatches, existWatches, childWatches, persistentWatches, persistentRecursiveWatches } = body;
  const paths = [dataWatches, existWatches, childWatches, persistentWatches, persistentRecursiveWatches].flatMap(
    (list) => list ?? [],
  );
  for (const op of ops ?? []) if (op.path !== undefined) paths.push(op.path);
  return paths;
}

/** All paths that a message is about: its own, its request's, those of a multi's operations and of setWatches' lists. */
export function zookeeperPaths(message: ZooKeeperMessage): string[] {
  const paths: string[] = [];
  const { path, request } = message;
  if (path !== null) paths.push(path);
  if (request !== null) {
    if (request.path !== null && request.path !== path) paths.push(request.path);
    if (request.body !== null) paths.push(...bodyPaths(request.body));
  }
  return paths;
}
