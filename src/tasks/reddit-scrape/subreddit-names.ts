import { z } from 'zod';

/** r/reddit.com has a name that no other subreddit could have. The name of a profile begins with u_. */
const NAME = '(?:u_[A-Za-z0-9_-]{3,20}|reddit\\.com|[A-Za-z0-9][A-Za-z0-9_]{1,21})';
const NAMES = `${NAME}(?:\\+${NAME})*`;
/** Hosts are written in any case, and some have the name of a language. A JSON Schema has no flag for that. */
const HOST = '(?:(?:[hH][tT][tT][pP][sS]?:\\/\\/)?(?:[A-Za-z-]{1,10}\\.)?[rR][eE][dD][dD][iI][tT]\\.[cC][oO][mM])?';
const REST = '(?:[\\/?#]\\S*)?';
const SUBREDDIT = `(?:${HOST}\\/)?[rR]\\/${NAMES}${REST}`;
/** What /user/NAME/m/ holds is a list of subreddits, not the profile. */
const PROFILE = `(?:${HOST}\\/)?(?:u|U|user|User)\\/[A-Za-z0-9_-]{3,20}(?!\\/m\\/)${REST}`;

/**
 * A name as people paste it: with or without "r/", an address, a profile, several joined by "+". The pattern is applied
 * before `plainNames`, so that the JSON Schema accepts what the check accepts.
 */
export const subreddit = z
  .string()
  .regex(
    new RegExp(`^\\s*(?:${SUBREDDIT}|${PROFILE}|${NAMES}\\/?)\\s*$`),
    'is not the name of a subreddit (2 to 22 letters, digits and _, such as "funny" or "r/funny") or its address',
  );

/** The names in one pasted text, as Reddit's addresses have them. */
function namesIn(pasted: string): string[] {
  const path = pasted.trim().replace(/^(?:https?:\/\/)?(?:[a-z-]{1,10}\.)?reddit\.com(?=\/[ru])/i, '');
  const [, kind = '', name = path.replace(/\/$/, '')] = /^\/?(r|u|user)\/([^/?#]+)/i.exec(path) ?? [];
  return /^u/i.test(kind) ? [`u_${name}`] : name.split('+');
}

/** All names once, in any case. */
export function plainNames(pasted: string[]): string[] {
  const names = new Map<string, string>();
  for (const name of pasted.flatMap(namesIn)) if (!names.has(name.toLowerCase())) names.set(name.toLowerCase(), name);
  return [...names.values()];
}

/** Parameters in the form in which they are stored, with plain names. */
export function withPlainNames<Given extends Record<string, unknown>>(parameters: Given): Given {
  const { subreddits } = parameters;
  const isList = Array.isArray(subreddits) && subreddits.every((name) => typeof name === 'string');
  return isList ? { ...parameters, subreddits: plainNames(subreddits) } : parameters;
}

let defaults: string[] = [];

/**
 * For the entry files, which know REDDIT_DEFAULT_SUBREDDITS: the subreddits of scrapes that name none. Returns what is
 * wrong with the names; then none is set.
 */
export function setDefaultSubreddits(names: string[]): string | undefined {
  const wrong = names.findIndex((name) => !subreddit.safeParse(name).success);
  const fault = subreddit.safeParse(names[wrong]).error?.issues[0]?.message;
  if (wrong >= 0) return `entry ${wrong + 1} ${fault}`;
  defaults = plainNames(names);
  return undefined;
}

export const defaultSubreddits = (): readonly string[] => defaults;

export const withDefaultSubreddits = (given: unknown): unknown =>
  typeof given === 'object' && given !== null && !Array.isArray(given) && !('subreddits' in given)
    ? { ...given, ...(defaults.length > 0 ? { subreddits: [...defaults] } : {}) }
    : given;
