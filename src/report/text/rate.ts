import { numberText } from '../../observations/words.js';

interface Unit {
  readonly name: string;
  readonly seconds: number;
}

const SECOND: Unit = { name: 'a second', seconds: 1 };
const UNITS: readonly Unit[] = [SECOND, { name: 'a minute', seconds: 60 }, { name: 'an hour', seconds: 3600 }];

/** The smallest unit in which a rate is a tenth or more. */
function unitFor(perSecond: number): Unit {
  if (perSecond === 0) return SECOND;
  return UNITS.find(({ seconds }) => perSecond * seconds >= 0.1) ?? UNITS.at(-1)!;
}

function inUnit(perSecond: number, { seconds }: Unit): string {
  const value = perSecond * seconds;
  return value >= 10 ? numberText(Math.round(value)) : String(Number(value.toPrecision(2)));
}

/** `3.2 a second`, `1.5 a minute`. @param perSecond not negative */
export function rateText(perSecond: number): string {
  const unit = unitFor(perSecond);
  return `${inUnit(perSecond, unit)} ${unit.name}`;
}

/** Two rates in the unit of the larger: `5.5 → 41 a second`. */
export function ratesText(before: number, after: number): string {
  const unit = unitFor(Math.max(before, after));
  return `${inUnit(before, unit)} → ${inUnit(after, unit)} ${unit.name}`;
}
