import { pick } from './seeded-random';
import type { Rolls } from './seeded-random';

const ADJECTIVES = [
  'small',
  'quiet',
  'honest',
  'late',
  'cheap',
  'careful',
  'odd',
  'fast',
  'patient',
  'plain',
  'clever',
  'rusty',
  'gentle',
  'bold',
  'early',
  'stubborn',
];
const CREATURES = [
  'otter',
  'heron',
  'badger',
  'lynx',
  'magpie',
  'walrus',
  'gecko',
  'ferret',
  'raven',
  'tapir',
  'beetle',
  'moth',
  'marmot',
  'pike',
  'wren',
  'ibex',
];
const VERBS = [
  'build',
  'debug',
  'replace',
  'measure',
  'explain',
  'migrate',
  'repair',
  'simplify',
  'test',
  'share',
  'sketch',
  'rewrite',
];
const TIMES = ['a weekend', 'two years', 'one long night', 'six months', 'an afternoon', 'a decade', 'three attempts'];

const TITLES = [
  'How do you {verb} a {adjective} {noun}?',
  'I spent {time} with a {noun}. Here is what I learned',
  'What nobody tells you about the {adjective} {noun}',
  'Is it still worth it to {verb} a {noun} these days?',
  '{Noun} versus {noun}: a {adjective} comparison',
  'After {time} I finally managed to {verb} my {noun}',
  'PSA: {verb} your {noun} before it is too late',
  'A {adjective} guide to the {noun} & its {adjective} cousin, the {noun}',
  'Show: my {adjective} {noun}, made in {time}',
  'Why does every {noun} need a {noun}?',
];

const SENTENCES = [
  'The {noun} was {adjective} at first, and then it was not.',
  'If you {verb} it long enough, every {noun} turns into a {noun}.',
  'I would not {verb} a {noun} without a {adjective} backup.',
  'It took me {time} to see that the {noun} was the problem.',
  'My {noun} did the same thing until I learned to {verb} it.',
  'There is a {adjective} way to do this: {verb} the {noun} & keep notes.',
  'Does anybody know whether a {noun} < 5 years old still works?',
  'This is the most {adjective} {noun} I have seen in {time}.',
  'You have to {verb} the {noun} first, everything else follows.',
  'Strong disagree, a {adjective} {noun} is better than none.',
  'Source: I {verb} them for a living.',
  'Thank you, that explains my {noun}.',
  'Can you say more about the {noun}? I am in the same place.',
];

/** A template with its slots filled; `nouns` are those of the subreddit's subject. */
function fill(template: string, nouns: readonly string[], rolls: Rolls): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, slot: string) => {
    if (slot === 'verb') return pick(VERBS, rolls());
    if (slot === 'adjective') return pick(ADJECTIVES, rolls());
    if (slot === 'time') return pick(TIMES, rolls());
    const noun = pick(nouns, rolls());
    return slot === 'Noun' ? noun[0]!.toUpperCase() + noun.slice(1) : noun;
  });
  return filled.replace(/\ba (?=[aeio]|u(?!ni)|honest)/gi, (article) => `${article.trimEnd()}n `);
}

export const writeTitle = (nouns: readonly string[], rolls: Rolls): string => fill(pick(TITLES, rolls()), nouns, rolls);

export function writeText(nouns: readonly string[], rolls: Rolls, mostSentences: number): string {
  const sentences = Array.from({ length: 1 + Math.floor(rolls() * mostSentences) }, () =>
    fill(pick(SENTENCES, rolls()), nouns, rolls),
  );
  return sentences.join(rolls() < 0.2 ? '\n\n' : ' ');
}

/** One of some thousand names. Names with low numbers occur more often, like regular users. */
export function writeAuthor(rolls: Rolls): string {
  const regular = Math.floor(rolls() ** 2 * 4096);
  return `${ADJECTIVES[regular % 16]}_${CREATURES[(regular >> 4) % 16]}_${10 + (regular >> 8)}`;
}

export const toSlug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
    .slice(0, 50);
