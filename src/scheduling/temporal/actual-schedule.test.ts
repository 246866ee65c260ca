import type { ScheduleSummary } from '@temporalio/client';
import { toActual } from './actual-schedule';

const now = new Date('2026-05-01T12:00:00Z');
const [missed, next] = [new Date('2026-05-01T11:00:00Z'), new Date('2026-05-01T13:00:00Z')];
const summary = (nextActionTimes: Date[], paused = false) =>
  ({
    state: { paused, note: 'taskloom r1' },
    info: { nextActionTimes, recentActions: [] },
  }) as unknown as ScheduleSummary;

test.each([
  ['a missed time before the next one', [missed, next], { state: 'active', dueAt: missed, nextRun: next }],
  ['a missed time alone', [missed], { state: 'active', dueAt: missed, nextRun: null }],
  ['no time', [], { state: 'exhausted', dueAt: null, nextRun: null }],
])('a schedule with %s never shows a next run in the past', (_case, times, expected) => {
  expect(toActual(1, summary(times), now)).toMatchObject(expected);
});

test('a paused schedule has no next run', () => {
  expect(toActual(1, summary([next], true), now)).toMatchObject({ state: 'paused', nextRun: null });
});
