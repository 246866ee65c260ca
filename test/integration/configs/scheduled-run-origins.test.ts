import { waitFor } from '../../support/process';
import { useScheduling, type SchedulingStack } from '../../support/scheduling';

let stack: SchedulingStack;
useScheduling(
  (started) => {
    stack = started;
  },
  { withWorker: true },
);

interface Row {
  workflow_id: string;
  triggered_by: string;
  scheduled_at: Date | null;
}
const rowsOf = (configId: number) =>
  stack.database('task_executions').where({ config_id: configId }).orderBy('scheduled_at') as Promise<Row[]>;
const isEnded = async (configId: number, count: number) => {
  const rows = await stack.database('task_executions').where({ config_id: configId, status: 'succeeded' });
  return rows.length >= count && rowsOf(configId);
};

test('a due run is told from a trigger in Temporal', async () => {
  const { id } = await stack.createActive({ schedulerType: 'cron', scheduleConfig: { cron_expression: '0 3 1 1 *' } });
  await stack.scheduleOf(id).trigger();
  expect(await waitFor(() => isEnded(id, 1))).toMatchObject([
    { triggered_by: 'temporal', scheduled_at: null, requested_by: null },
  ]);
});

test('a backfill is told from due runs, also for a time that has had its run, and keeps its time', async () => {
  const { id } = await stack.createActive({ schedulerType: 'interval', scheduleConfig: { seconds: 5 } });
  const [due] = (await waitFor(() => isEnded(id, 1), 15_000)) as [Row];
  expect(due).toMatchObject({ triggered_by: 'schedule', scheduled_at: expect.any(Date) });
  await stack.scheduleOf(id).pause();
  const dueAt = due.scheduled_at ?? new Date(0);
  // Eleven seconds ago a due run would have come late, but within the catch-up window.
  await waitFor(async () => Date.now() - dueAt.getTime() > 11_000);
  const before = (await rowsOf(id)).length;
  const long = new Date(dueAt.getTime() - 3_600_000);
  await stack.scheduleOf(id).backfill([
    { start: dueAt, end: dueAt, overlap: 'ALLOW_ALL' },
    { start: long, end: long, overlap: 'ALLOW_ALL' },
  ]);
  await waitFor(() => isEnded(id, before + 2));
  const rows = await rowsOf(id);
  expect(rows.filter((row) => row.triggered_by === 'backfill').map((row) => row.scheduled_at)).toEqual([long, dueAt]);
  expect(rows.filter((row) => row.triggered_by === 'schedule')).toHaveLength(before);
}, 60_000);

test("Temporal's own list of a schedule's times is asked for times that are not calculated here", async () => {
  const { id } = await stack.createActive({ schedulerType: 'cron', scheduleConfig: { cron_expression: '30 3 * * *' } });
  expect(await stack.gateway.isFireTime(id, new Date('2030-05-06T03:30:00Z'))).toBe(true);
  expect(await stack.gateway.isFireTime(id, new Date('2030-05-06T03:30:01Z'))).toBe(false);
  expect(await stack.gateway.isFireTime(999_999, new Date('2030-05-06T03:30:00Z'))).toBe(false);
});
