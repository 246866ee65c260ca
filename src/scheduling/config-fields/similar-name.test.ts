import { findSimilarName } from './similar-name';

const KNOWN = ['timezone', 'start_at', 'end_at', 'jitter_seconds', 'overlap', 'cron_expression', 'run_date'];

test.each([
  ['time_zone', 'timezone'],
  ['TimeZone', 'timezone'],
  ['timezome', 'timezone'],
  ['tz', 'timezone'],
  ['start', 'start_at'],
  ['endAt', 'end_at'],
  ['jitter', 'jitter_seconds'],
  ['expression', 'cron_expression'],
  ['cron', 'cron_expression'],
  ['date', 'run_date'],
])('%s stands for %s', (name, meant) => {
  expect(findSimilarName(name, KNOWN)).toBe(meant);
});

test.each(['whatever', 'x', '', '时区', 'zt'])('%j stands for none of the known names', (name) => {
  expect(findSimilarName(name, KNOWN)).toBeUndefined();
});

test('there is no similar name among none', () => {
  expect(findSimilarName('timezone', [])).toBeUndefined();
});
