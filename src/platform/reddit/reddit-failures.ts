import { RedditError, type RedditErrorKind } from '../../shared/reddit-error';
import { LONGEST_CLOSURE_MS, LONGEST_WINDOW_MS } from '../reddit-budget/budget-state';
import type { RateHeaders } from '../reddit-budget/budget-commands';

export interface RawResponse {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

const headerNumber = (response: RawResponse, name: string): number | null => {
  const given = String(response.headers[name] ?? '').trim();
  const value = given === '' ? NaN : Number(given);
  return Number.isFinite(value) ? value : null;
};

/** The moment of a header, as HTTP or ISO 8601 write it. `Date.parse` takes nearly every text with a number for one. */
function headerDateSeconds(response: RawResponse, name: string): number {
  const given = String(response.headers[name] ?? '').trim();
  const isDate = /^(?:[A-Z][a-z]{2,8}, \d{1,2}[ -]|[A-Z][a-z]{2} [A-Z][a-z]{2} |\d{4}-\d{2}-\d{2})/.test(given);
  return isDate ? Date.parse(given) / 1_000 : NaN;
}

/** Seconds from this number on are a moment (2001 and later) and no duration. */
const FIRST_MOMENT = 1_000_000_000;

/** A duration of a header, which some servers write as a moment: in seconds, or as a date. */
function headerDurationMs(response: RawResponse, name: string, most: number): number | null {
  const seconds = headerNumber(response, name) ?? headerDateSeconds(response, name);
  if (Number.isNaN(seconds)) return null;
  const ms = (seconds >= FIRST_MOMENT ? seconds - Date.now() / 1_000 : seconds) * 1_000;
  return Math.min(most, Math.max(0, ms));
}

/** The state of the budget in an answer's headers. */
export function rateOf(response: RawResponse): RateHeaders | undefined {
  const [used, remaining] = ['used', 'remaining'].map((name) => headerNumber(response, `x-ratelimit-${name}`));
  const resetMs = headerDurationMs(response, 'x-ratelimit-reset', LONGEST_WINDOW_MS);
  if (typeof remaining !== 'number' || resetMs === null) return undefined;
  return {
    ...(typeof used === 'number' ? { used: Math.max(0, used) } : {}),
    remaining: Math.max(0, remaining),
    resetMs,
  };
}

const RETRYABLE = new Set<RedditErrorKind>(['rate_limited', 'unavailable', 'network', 'malformed']);
export const isRetryable = (error: unknown): error is RedditError =>
  error instanceof RedditError && RETRYABLE.has(error.kind);

/** The failure that an answer stands for, or null for a successful one. `what` names the request in the message. */
export function failureOf(response: RawResponse, what: string): RedditError | null {
  const { body } = response;
  const status = statusOf(response);
  if (status >= 200 && status < 300) {
    if (typeof body === 'object' && body !== null) return null;
    return new RedditError('malformed', `${what}: the answer is not JSON (cut off, or a page for people)`, { status });
  }
  const movedTo = newPlaceOf(response);
  if (movedTo) return new RedditError('not_found', `${what}: Reddit has moved it to ${movedTo}; name that`, { status });
  const kind = kindOf(response, status);
  const retryAfterMs = WAITING.has(kind) ? retryAfter(response, kind) : undefined;
  return new RedditError(kind, `${what}: ${DESCRIPTIONS[kind]} (${status}${reasonIn(body)})`, { status, retryAfterMs });
}

/** The status of an answer. Some refusals come as a success whose body tells the status as `error`. */
function statusOf({ statusCode, body }: RawResponse): number {
  const told = typeof body === 'object' && body !== null ? Number((body as { error?: unknown }).error ?? NaN) : NaN;
  const isRefusal = Number.isInteger(told) && told >= 400 && told <= 599;
  return statusCode >= 200 && statusCode < 300 && isRefusal ? told : statusCode;
}

const DESCRIPTIONS: Record<RedditErrorKind, string> = {
  rate_limited: 'Reddit asks to slow down',
  unavailable: 'Reddit is not available',
  unauthorized: 'Reddit does not accept the credentials',
  forbidden: 'Reddit refuses it',
  blocked: 'Reddit blocks this client; check REDDIT_USER_AGENT and the credentials, or wait',
  not_found: 'Reddit does not know it',
  network: 'Reddit cannot be reached',
  malformed: 'the answer cannot be read',
  aborted: 'aborted',
};

/** Kinds whose answer may tell how long to wait. */
const WAITING = new Set<RedditErrorKind>(['rate_limited', 'unavailable', 'blocked']);

/** The subreddit or profile to which a redirect leads, by the name that a config has for it. */
function newPlaceOf({ statusCode, headers }: RawResponse): string | undefined {
  if (statusCode < 300 || statusCode >= 400) return undefined;
  const location = String(headers.location);
  const base = 'https://www.reddit.com';
  const path = URL.canParse(location, base) ? new URL(location, base).pathname : '';
  const [, kind, name] = /^\/(r|u|user)\/([\w.-]+)/.exec(path) ?? [];
  if (!name) return undefined;
  return kind === 'r' ? `r/${name}` : `u_${name}`;
}

const KINDS: Partial<Record<number, RedditErrorKind>> = {
  401: 'unauthorized',
  404: 'not_found',
  408: 'network',
  410: 'not_found',
  429: 'rate_limited',
};

function kindOf({ headers, body }: RawResponse, status: number): RedditErrorKind {
  if (status >= 500) return 'unavailable';
  if (status < 400) return kindOfRedirect(String(headers.location ?? ''));
  // Reddit's own refusals are JSON; a page for people comes from what stands before it.
  const isPage = typeof body !== 'object' || body === null;
  return KINDS[status] ?? (status === 403 && isPage ? 'blocked' : 'forbidden');
}

/**
 * An unknown subreddit is answered with a redirect to the search for one. Other pages (to log in, or to confirm one's
 * age) are for people: asking again leads there again.
 */
function kindOfRedirect(location: string): RedditErrorKind {
  if (location.includes('/subreddits/search')) return 'not_found';
  return location === '' ? 'malformed' : 'forbidden';
}

function retryAfter(response: RawResponse, kind: RedditErrorKind): number | undefined {
  const ms =
    headerDurationMs(response, 'retry-after', LONGEST_CLOSURE_MS) ??
    (kind === 'rate_limited' ? headerDurationMs(response, 'x-ratelimit-reset', LONGEST_WINDOW_MS) : null);
  return ms ?? undefined;
}

const LONGEST_REASON = 100;
/** Reddit's reason, from `reason` ("private", "banned", "quarantined") or `error`. */
function reasonIn(body: unknown): string {
  if (typeof body !== 'object' || body === null) return '';
  const { reason, error } = body as Record<string, unknown>;
  const said = [reason, error].find((value) => typeof value === 'string' && value);
  // It becomes part of a message of one line.
  return said ? `, ${(said as string).replace(/[\s\p{Cc}\p{Cs}]+/gu, ' ').slice(0, LONGEST_REASON)}` : '';
}
