export { concerns, type Judgement, type Reactions, type Reason, type StaleInterval, type Status } from './judgement.js';
export {
  type Actor,
  isOwnWrite,
  type KnownFrom,
  type ListSnapshot,
  type PathChange,
  type PathReading,
  type PathRefusal,
  type Told,
  wasDelivered,
} from './pathFacts.js';
export { PathHistory } from './pathHistory.js';
export { type Belief, type ListAt, PathKnowledge } from './pathKnowledge.js';
export { PathNames } from './pathNames.js';
export { PathSession } from './pathSession.js';
