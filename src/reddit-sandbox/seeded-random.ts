/**
 * Numbers in [0, 1) that depend only on the seed and the given integers, so that the content is the same after a
 * restart.
 */
export type Dice = (...parts: number[]) => number;

export function createDice(seed: string): Dice {
  let origin = 0x811c9dc5;
  for (const character of seed) origin = Math.imul(origin ^ character.codePointAt(0)!, 0x01000193);
  return (...parts) => {
    let hash = origin;
    for (const part of parts) {
      hash = Math.imul(hash ^ part, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    // murmur3's finisher: without it neighbouring integers give neighbouring numbers.
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
  };
}

/** Gives one roll after another, for text that needs an unknown number of them. */
export type Rolls = () => number;

export function rollsOf(dice: Dice, ...parts: number[]): Rolls {
  let count = 0;
  return () => dice(...parts, count++);
}

export function pick<T>(items: readonly T[], roll: number): T {
  return items[Math.floor(roll * items.length)]!;
}
