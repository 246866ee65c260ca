import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from '@temporalio/worker';

const FOLDER = path.resolve(__dirname, '../../histories');
const histories = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));

/**
 * A change that breaks this test would break the workflows that are running during a deployment: it needs `patched()`.
 */
test('recorded histories replay on the current workflow code', async () => {
  expect(histories.length).toBeGreaterThanOrEqual(8);
  const replays = Worker.runReplayHistories(
    { workflowsPath: require.resolve('../../../src/workflows') },
    histories.map((file) => {
      const history = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as {
        events: { workflowExecutionStartedEventAttributes?: { workflowId?: string } }[];
      };
      // Ids of children are derived from their parent's.
      return { workflowId: history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? file, history };
    }),
  );
  const failed: string[] = [];
  let replayed = 0;
  for await (const { workflowId, error } of replays) {
    replayed += 1;
    if (error) failed.push(`${workflowId}: ${error.message}`);
  }
  expect(failed).toEqual([]);
  expect(replayed).toBe(histories.length);
});

test('a history with a different activity does not replay', async () => {
  const file = histories.find((name) => name.includes('long-task')) ?? '';
  const history = JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as {
    events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[];
  };
  for (const event of history.events)
    if (event.activityTaskScheduledEventAttributes)
      event.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
  await expect(
    Worker.runReplayHistory({ workflowsPath: require.resolve('../../../src/workflows') }, history, file),
  ).rejects.toThrow();
});
