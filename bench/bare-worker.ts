import { NativeConnection, Worker } from '@temporalio/worker';

/** A worker for `bare` with the SDK's defaults, in its own process like Taskloom's worker. */
async function main(): Promise<void> {
  const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] });
  const worker = await Worker.create({
    connection,
    taskQueue: 'bare',
    workflowsPath: require.resolve('./bare-workflow'),
    activities: { nothing: async () => undefined },
  });
  const running = worker.run();
  process.send?.('ready');
  await running;
  await connection.close();
  if (process.connected) process.disconnect();
}

void main();
