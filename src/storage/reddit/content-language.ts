import type { ContentLanguage, SubredditLanguages } from '../../shared/content-languages';

export type LanguageTeller = (subreddit: string, text: string) => ContentLanguage;

/** By ISO 639-1. The detector does not know Irish, Nepali and Yiddish, and takes Indonesian for Malay. */
const LANGUAGES = new Map<string, ContentLanguage>([
  ['ar', 'arabic'],
  ['ca', 'catalan'],
  ['da', 'danish'],
  ['de', 'german'],
  ['el', 'greek'],
  ['en', 'english'],
  ['es', 'spanish'],
  ['eu', 'basque'],
  ['fi', 'finnish'],
  ['fr', 'french'],
  ['hi', 'hindi'],
  ['hu', 'hungarian'],
  ['hy', 'armenian'],
  ['it', 'italian'],
  ['lt', 'lithuanian'],
  ['ms', 'indonesian'],
  ['nl', 'dutch'],
  ['no', 'norwegian'],
  ['pt', 'portuguese'],
  ['ro', 'romanian'],
  ['ru', 'russian'],
  ['sr', 'serbian'],
  ['sv', 'swedish'],
  ['ta', 'tamil'],
  ['tr', 'turkish'],
]);

/** More tell nothing new. */
const MOST_CHARACTERS = 1_000;
/** Of fewer words, names and interjections are taken for some language. Other scripts leave less to choose from. */
const LEAST_LATIN_WORDS = 4;
const LEAST_WORDS = 2;

const NO_PROSE = /```.*?(```|$)|`[^`]*`|\bhttps?:\/\/\S+|\b(www|[ru])[./]\S+|&\w+;/gsu;
const WORD = /[\p{L}\p{M}]{2,}/gu;

/** By what an operator has set for the subreddit, else as detected in the text; `simple` where that is not reliable. */
export async function createLanguageTeller(languages: SubredditLanguages): Promise<LanguageTeller> {
  const { eld } = await import('eld/extrasmall');
  return (subreddit, text) => {
    const set = languages.get(subreddit.toLowerCase());
    if (set) return set;
    const prose = text.slice(0, MOST_CHARACTERS).replace(NO_PROSE, ' ');
    const words = prose.match(WORD) ?? [];
    const least = words.some((word) => /\p{Script=Latin}/u.test(word)) ? LEAST_LATIN_WORDS : LEAST_WORDS;
    if (words.length < least) return 'simple';
    const detected = eld.detect(prose);
    return (detected.isReliable() && LANGUAGES.get(detected.language)) || 'simple';
  };
}
