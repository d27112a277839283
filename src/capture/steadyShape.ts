/** Instances that keep the layouts alive. */
const kept: object[] = [];

/**
 * Makes V8 lay out all instances of a class as they will be in the end. A field that begins as -1 or null and later holds
 * a fraction, a number of 32 bits and more, or an object, changes the layout of its class when that first happens, and
 * throws away all machine code that was made for the layout before: dozens of times while a capture begins. One instance
 * that has been through it all, when the module is loaded, saves the others from it.
 *
 * @param instance of no other use
 * @param doubles its fields that hold times, sequence numbers and the like
 * Throws where one of them is not a number.
 */
export function steadyShape(instance: object, ...doubles: readonly string[]): void {
  const fields = instance as Record<string, unknown>;
  for (const name of doubles) {
    if (typeof fields[name] !== 'number') throw new Error(`${name} is no number`);
  }
  for (const [name, value] of Object.entries(fields)) {
    fields[name] = doubles.includes(name) ? 0.5 : value === null ? fields : value;
    fields[name] = value;
  }
  kept.push(instance);
}
