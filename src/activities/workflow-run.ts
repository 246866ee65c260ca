import { activityInfo } from '@temporalio/activity';
import type { WorkflowRun } from '../storage/executions/workflow-run';

/** The run of the workflow that this activity belongs to. After a reset it is another than the one in its input. */
export function currentRun(): WorkflowRun {
  const { workflowExecution } = activityInfo();
  if (!workflowExecution) throw new Error('This activity belongs in a workflow');
  return workflowExecution;
}
