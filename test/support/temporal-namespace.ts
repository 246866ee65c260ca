import { randomBytes } from 'node:crypto';
import { connectTemporal, registerSearchAttributes, type TemporalConnection } from '../../src/platform/temporal';
import { waitFor } from './process';
import { testServices } from './test-services';

/** Creates a namespace for tests that reconcile: a pass removes every schedule of its namespace without a config. */
export async function createTestNamespace(
  temporalAddress: string = testServices().temporalAddress,
): Promise<TemporalConnection> {
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  const temporal = await connectTemporal({
    address: temporalAddress,
    namespace,
    connection: { address: temporalAddress },
  });
  await temporal.connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
  });
  // The parts of the server learn of a new namespace and its attributes at different times.
  return waitFor(async () => {
    try {
      await registerSearchAttributes(temporal.connection, namespace);
      for await (const _ of temporal.client.schedule.list({ query: 'TaskConfigId IS NOT NULL' }));
      await temporal.client.workflow.count("TaskType = 'none'");
      return temporal;
    } catch {
      return undefined;
    }
  });
}
