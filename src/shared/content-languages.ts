/**
 * Languages of posts and comments, by the names of PostgreSQL's text search configurations: those that it has had since
 * version 15. `simple`: another language, or a text too short to tell.
 */
export const CONTENT_LANGUAGES = [
  'simple',
  'arabic',
  'armenian',
  'basque',
  'catalan',
  'danish',
  'dutch',
  'english',
  'finnish',
  'french',
  'german',
  'greek',
  'hindi',
  'hungarian',
  'indonesian',
  'irish',
  'italian',
  'lithuanian',
  'nepali',
  'norwegian',
  'portuguese',
  'romanian',
  'russian',
  'serbian',
  'spanish',
  'swedish',
  'tamil',
  'turkish',
  'yiddish',
] as const;
export type ContentLanguage = (typeof CONTENT_LANGUAGES)[number];

export const isContentLanguage = (name: string | undefined): name is ContentLanguage =>
  CONTENT_LANGUAGES.some((language) => language === name);

/** The languages that an operator has set, by subreddits in lower case. */
export type SubredditLanguages = ReadonlyMap<string, ContentLanguage>;
