import { RedditError, type RedditErrorKind } from './reddit-client';
import type { RateHeaders } from '../reddit-budget/budget-commands';

export interface RawResponse {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

const headerNumber = (response: RawResponse, name: string): number | null => {
  const value = Number(response.headers[name] ?? NaN);
  return Number.isFinite(value) ? value : null;
};

/** The state of the budget in an answer's headers. */
export function rateOf(response: RawResponse): RateHeaders | undefined {
  const [used, remaining, reset] = ['used', 'remaining', 'reset'].map((name) =>
    headerNumber(response, `x-ratelimit-${name}`),
  );
  if (typeof remaining !== 'number' || typeof reset !== 'number') return undefined;
  return {
    ...(typeof used === 'number' ? { used } : {}),
    remaining: Math.max(0, remaining),
    resetMs: Math.max(0, reset * 1_000),
  };
}

const RETRYABLE = new Set<RedditErrorKind>(['rate_limited', 'unavailable', 'network', 'malformed']);
export const isRetryable = (error: unknown): error is RedditError =>
  error instanceof RedditError && RETRYABLE.has(error.kind);

/** The failure that an answer stands for, or null for a successful one. `what` names the request in the message. */
export function failureOf(response: RawResponse, what: string): RedditError | null {
  const { statusCode: status, body } = response;
  if (status >= 200 && status < 300) {
    if (typeof body === 'object' && body !== null) return null;
    return new RedditError('malformed', `${what}: the answer is not JSON (cut off, or a page for people)`, { status });
  }
  const kind = kindOf(response);
  const retryAfterMs = kind === 'rate_limited' || kind === 'unavailable' ? retryAfter(response, kind) : undefined;
  return new RedditError(kind, `${what}: ${DESCRIPTIONS[kind]} (${status}${reasonIn(body)})`, { status, retryAfterMs });
}

const DESCRIPTIONS: Record<RedditErrorKind, string> = {
  rate_limited: 'Reddit asks to slow down',
  unavailable: 'Reddit is not available',
  unauthorized: 'Reddit does not accept the credentials',
  forbidden: 'Reddit refuses it',
  not_found: 'Reddit does not know it',
  network: 'Reddit cannot be reached',
  malformed: 'the answer cannot be read',
  aborted: 'aborted',
};

function kindOf({ statusCode, headers }: RawResponse): RedditErrorKind {
  if (statusCode === 429) return 'rate_limited';
  if (statusCode >= 500) return 'unavailable';
  if (statusCode === 401) return 'unauthorized';
  if (statusCode === 404 || statusCode === 410) return 'not_found';
  if (statusCode === 408) return 'network';
  // An unknown subreddit is answered with a redirect to the search for one.
  if (statusCode < 400) return String(headers.location).includes('/subreddits/search') ? 'not_found' : 'malformed';
  return 'forbidden';
}

function retryAfter(response: RawResponse, kind: RedditErrorKind): number | undefined {
  const seconds =
    headerNumber(response, 'retry-after') ??
    (kind === 'rate_limited' ? headerNumber(response, 'x-ratelimit-reset') : null);
  return seconds === null ? undefined : Math.max(0, seconds * 1000);
}

/** Reddit's reason, from `reason` ("private", "banned", "quarantined") or `error`. */
function reasonIn(body: unknown): string {
  if (typeof body !== 'object' || body === null) return '';
  const { reason, error } = body as Record<string, unknown>;
  const said = [reason, error].find((value) => typeof value === 'string' && value);
  return said ? `, ${said as string}` : '';
}
