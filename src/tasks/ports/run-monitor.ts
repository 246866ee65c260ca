export interface OverdueRun {
  executionId: number;
  taskId: string;
  configId: number | null;
  configName: string | null;
  taskType: string;
  runningSeconds: number;
  /** 95 of 100 comparable runs took no longer than this. */
  usualSeconds: number;
}

export interface OverdueReport {
  /** All runs at work, but for the one that asks. */
  running: number;
  /** Runs with too few comparable successful runs to tell what is usual. */
  unjudged: number;
  overdue: OverdueRun[];
}

export interface OverdueQuery {
  /** The execution that asks: it is left out. */
  exceptId: number;
  /** A run is overdue when it takes longer than `factor` times its usual time, and `leastSeconds` at least. */
  factor: number;
  leastSeconds: number;
}

export interface RunMonitor {
  findOverdue(query: OverdueQuery): Promise<OverdueReport>;
}
