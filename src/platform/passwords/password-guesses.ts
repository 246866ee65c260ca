import { zxcvbn, zxcvbnOptions } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** Words that the mostly English list lacks: numbers and words of common Chinese passwords, and this product's name. */
const OUR_WORDS = [
  'taskloom',
  'woaini',
  'woaiwojia',
  'woaiwo',
  'aini',
  'nihao',
  'zhongguo',
  'mima',
  '5201314',
  '1314520',
  '1314',
  '520',
  '521',
  '168',
  '888',
  '666',
];

// Each further letter substitution (p@ssw0rd) doubles the time. With the library's 100, 128 characters took over a
// second.
zxcvbnOptions.setOptions({
  dictionary: { ...dictionary, ours: OUR_WORDS },
  graphs: adjacencyGraphs,
  l33tMaxSubstitutions: 8,
});

/**
 * The ten thousand commonest passwords, each in two spellings. Rate limits keep guessers from trying more, and a higher
 * limit would refuse fair passwords.
 */
const LEAST_GUESSES = 2e4;
/** The time grows with the square of the length, and this many unguessed characters are strong enough. */
const LOOKED_AT = 24;

/**
 * Whether few guesses find the password. It knows common passwords and words in any case and with digits for letters,
 * repetitions, rows of keys, dates, and combinations of these. `words` are texts about its owner, such as the name. At
 * most the first and the last 24 characters are examined, and one strong end is enough.
 */
export function isGuessable(password: string, words: readonly string[]): boolean {
  if (password.trim() === '') return true;
  const ends = password.length <= LOOKED_AT ? [password] : [password.slice(0, LOOKED_AT), password.slice(-LOOKED_AT)];
  return ends.every((end) => zxcvbn(end, [...words]).guesses < LEAST_GUESSES);
}
