// A worker listens on no port. It is healthy when Temporal has seen a poll of this host within the last 150 s.
const { hostname } = require('node:os');
const { Connection } = require('@temporalio/client');
const { loadClientConnectConfig } = require('@temporalio/envconfig');

// An idle worker polls about once a minute.
const LONGEST_SILENCE_MS = 150_000;
const WORKFLOW_TASKS = 1; // temporal.api.enums.v1.TaskQueueType

async function main() {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const connection = await Connection.connect({ connectTimeout: '5s', ...connectionOptions });
  const taskQueue = { name: process.env.TEMPORAL_TASK_QUEUE || 'taskloom' };
  const { pollers } = await connection.workflowService.describeTaskQueue({
    namespace,
    taskQueue,
    taskQueueType: WORKFLOW_TASKS,
  });
  await connection.close();
  const isSeen = ({ identity, lastAccessTime }) =>
    identity?.startsWith(`${hostname()}:`) &&
    Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1_000 < LONGEST_SILENCE_MS;
  if (!pollers?.some(isSeen))
    throw new Error(
      `No worker of ${hostname()} has asked for work on ${taskQueue.name} within ${LONGEST_SILENCE_MS / 1_000} s`,
    );
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
