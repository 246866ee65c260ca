/** A run of a workflow in Temporal. A reset keeps the workflow's id and begins a new run. */
export interface WorkflowRun {
  workflowId: string;
  runId: string;
}
