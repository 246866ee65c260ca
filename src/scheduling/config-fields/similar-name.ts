import { closest, distance } from 'fastest-levenshtein';

const squash = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Whether the letters of `short` appear in `long` in their order, from its first letter on. */
function abbreviates(short: string, long: string): boolean {
  if (short.length < 2 || short[0] !== long[0]) return false;
  let found = 0;
  for (const letter of long) if (letter === short[found]) found += 1;
  return found === short.length;
}

/** The known name that was probably meant: another spelling, a slip of the keys, a part of the name, or its letters. */
export function findSimilarName(name: string, known: readonly string[]): string | undefined {
  const given = squash(name);
  if (given === '' || known.length === 0) return undefined;
  const byForm = new Map(known.map((one) => [squash(one), one]));
  const forms = [...byForm.keys()];
  const nearest = closest(given, forms);
  if (distance(given, nearest) <= Math.max(1, Math.floor(given.length / 4))) return byForm.get(nearest);
  const whole = forms.find((form) => given.length >= 3 && form.includes(given));
  return byForm.get(whole ?? forms.find((form) => abbreviates(given, form)) ?? '');
}
