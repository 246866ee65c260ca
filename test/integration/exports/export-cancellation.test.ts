import { childrenOf } from '../../../bench/process-memory';
import { createExportWorkers } from '../../support/export-workers';
import { waitFor } from '../../support/process';

jest.setTimeout(180_000);

const { startWorker, start, inMidFile, ended, processOf, isGone, connections, expectNothingOf } = createExportWorkers();

test('an export that ignores its cancellation is killed, and leaves nothing', async () => {
  const worker = await startWorker();
  const handle = await start({ export_format: 'csv' });
  await inMidFile();
  const child = await processOf(worker);
  process.kill(child.pid, 'SIGSTOP');
  const cancelledAt = Date.now();
  await handle.cancel();
  const row = await ended(handle.workflowId);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect((row.completed_at as Date).getTime() - cancelledAt).toBeLessThan(5_000);
  await isGone(child);
  await expectNothingOf(row.id as number);
  await waitFor(async () => (await connections()).length === 0);
});

test('a cancelled export reports its progress, ends within five seconds and leaves nothing', async () => {
  const worker = await startWorker();
  const handle = await start({ export_format: 'json', compression: 'gzip' });
  await inMidFile();
  const { raw } = await handle.describe();
  expect(String(raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data)).toMatch(/"rows_total":200000/);
  const cancelledAt = Date.now();
  await handle.cancel();
  const row = await ended(handle.workflowId);
  expect(row).toMatchObject({ status: 'cancelled' });
  expect((row.completed_at as Date).getTime() - cancelledAt).toBeLessThan(5_000);
  await expectNothingOf(row.id as number);
  expect([childrenOf(worker.child.pid), await connections()]).toEqual([[], []]);
  await worker.stop();
});

test('an export that exceeds its timeout is ended, and leaves nothing', async () => {
  await startWorker();
  const handle = await start({ export_format: 'excel' }, 1);
  const row = await ended(handle.workflowId);
  expect(row).toMatchObject({ status: 'timed_out' });
  await expectNothingOf(row.id as number);
});
