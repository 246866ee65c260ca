import { zxcvbn, zxcvbnOptions } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** What the common list, which is mostly English, lacks: the numbers and words that Chinese passwords are made of, and our own name. */
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

// Every further substitution of letters (p@ssw0rd) doubles the time: with 100, the library's own, 128 characters took more than a second.
zxcvbnOptions.setOptions({
  dictionary: { ...dictionary, ours: OUR_WORDS },
  graphs: adjacencyGraphs,
  l33tMaxSubstitutions: 8,
});

/** The ten thousand commonest passwords, each in two spellings. More than that nobody tries here: attempts are limited, and people would be sent away with passwords that are fair. */
const LEAST_GUESSES = 2e4;
/** The time grows with the square of the length, and what is not guessed of so many characters is not guessed at all. */
const LOOKED_AT = 24;

/**
 * Whether few guesses find it: common passwords and words in any case and with digits for letters, repetitions, rows of
 * keys, dates, and whatever of this is put together; `words` are those that are close to its owner. At most the first and
 * the last 24 characters are looked at, and one strong end is enough.
 */
export function isGuessable(password: string, words: readonly string[]): boolean {
  if (password.trim() === '') return true;
  const ends = password.length <= LOOKED_AT ? [password] : [password.slice(0, LOOKED_AT), password.slice(-LOOKED_AT)];
  return ends.every((end) => zxcvbn(end, [...words]).guesses < LEAST_GUESSES);
}
