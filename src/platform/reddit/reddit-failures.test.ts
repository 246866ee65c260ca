import { failureOf, rateOf } from './reddit-failures';
import { LONGEST_CLOSURE_MS, LONGEST_WINDOW_MS } from '../reddit-budget/budget-state';

const answer = (statusCode: number, body: unknown, headers: Record<string, string | string[] | undefined> = {}) => ({
  statusCode,
  headers,
  body,
});
const of = (statusCode: number, body: unknown, headers = {}) => failureOf(answer(statusCode, body, headers), 'GET x');

test.each(['private', 'quarantined', 'gold_only', 'banned'])('a success that tells a refusal is one: %s', (reason) => {
  expect(of(200, { message: 'Forbidden', error: 403, reason })).toMatchObject({
    kind: 'forbidden',
    message: `GET x: Reddit refuses it (403, ${reason})`,
  });
});

test.each([
  [{ error: 404 }, 'not_found'],
  [{ error: '429' }, 'rate_limited'],
  [{ error: 503 }, 'unavailable'],
])('a success that says %j is %s', (body, kind) => {
  expect(of(200, body)).toMatchObject({ kind });
});

test.each([{}, { error: null }, { error: 'invalid_grant' }, { error: 200 }, { error: 403.5 }, { error: [] }])(
  'a success that says %j is left to those who read it',
  (body) => {
    expect(of(200, body)).toBeNull();
  },
);

test.each([
  ['/login?dest=%2Fr%2Fx', 'forbidden'],
  ['https://www.reddit.com/over18?dest=x', 'forbidden'],
  ['//', 'forbidden'],
  ['/subreddits/search?q=x', 'not_found'],
  [undefined, 'malformed'],
])('a redirect to %s is %s', (location, kind) => {
  expect(of(302, '', { location })).toMatchObject({ kind });
});

test('a reason is a short part of a line', () => {
  const reason = `a\n\0 \ud800b${'c'.repeat(5_000)}`;
  const { message } = of(403, { reason })!;
  expect(message).toContain('(403, a bccc');
  expect(message.length).toBeLessThan(200);
});

test.each([undefined, '', '  ', 'soon', 'x 1', '0.0, 600', 'Infinity', 'NaN'])(
  'a window that ends at %j is not known',
  (reset) => {
    expect(rateOf(answer(200, {}, { 'x-ratelimit-remaining': '9', 'x-ratelimit-reset': reset }))).toBeUndefined();
    expect(of(429, {}, { 'retry-after': reset })?.details.retryAfterMs).toBeUndefined();
  },
);

test.each([
  ['-5', 0],
  ['1.5', 1_500],
  ['1e300', LONGEST_WINDOW_MS],
  ['4102444800', LONGEST_WINDOW_MS],
  ['Fri, 01 Jan 2100 00:00:00 GMT', LONGEST_WINDOW_MS],
  ['2001-10-01T00:00:00Z', 0],
])('a window that ends at %s is within bounds', (reset, resetMs) => {
  expect(rateOf(answer(200, {}, { 'x-ratelimit-remaining': '-3', 'x-ratelimit-reset': reset }))).toEqual({
    remaining: 0,
    resetMs,
  });
});

test.each([
  ['-5', { used: 0 }],
  ['12.5', { used: 12.5 }],
  ['many', {}],
])('%s requests used of a window are told as %j', (used, told) => {
  const headers = { 'x-ratelimit-remaining': '3.0', 'x-ratelimit-reset': '60', 'x-ratelimit-used': used };
  expect(rateOf(answer(200, {}, headers))).toEqual({ ...told, remaining: 3, resetMs: 60_000 });
});

test.each([
  ['-5', 0],
  ['7', 7_000],
  ['1e300', LONGEST_CLOSURE_MS],
])('a 429 that says %s is waited for within bounds', (told, retryAfterMs) => {
  expect(of(429, {}, { 'retry-after': told })?.details).toMatchObject({ retryAfterMs });
});
