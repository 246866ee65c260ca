import { toJson } from '../sql/storable-json';
import type { AttemptFailure } from './execution-attempts';
import type { Database } from '../../platform/postgres/postgres';

export interface BrokenAttempt {
  executionId: number;
  /** The attempt that the broken step belongs to. */
  attempt: number;
  outcome: 'failed' | 'lost';
  failure: AttemptFailure | null;
  /** How many failed attempts the run may survive. */
  maxRetries: number;
  /** No further attempt could mend it. */
  isFinal: boolean;
  worker: string;
}
export interface RunAllowance {
  /** Attempts of the run that failed, and that were lost. */
  failed: number;
  lost: number;
  /** No further attempt was opened: the run has to end. */
  isUsedUp: boolean;
}

export type StepAttemptRepository = ReturnType<typeof createStepAttemptRepository>;

/**
 * Attempts of a run that has several steps at work at once. A step that breaks ends the attempt it belongs to, and the
 * next attempt begins at once. Other steps of the ended attempt that break after that cost nothing: the cause is taken
 * to be the same.
 */
export function createStepAttemptRepository(database: Database) {
  return {
    async breakAttempt(broken: BrokenAttempt, at = new Date()): Promise<RunAllowance> {
      return database.transaction(async (transaction) => {
        const { executionId } = broken;
        // Steps that break at the same time take turns.
        await transaction('task_executions').where({ id: executionId }).forUpdate().select('id');
        const attempts = () => transaction('task_attempts').where({ execution_id: executionId });
        const ended = await attempts()
          .where({ attempt: broken.attempt, outcome: 'running' })
          .update({ outcome: broken.outcome, failure: toJson(broken.failure), ended_at: at });
        const rows = await attempts()
          .select<{ attempt: number; outcome: string }[]>('attempt', 'outcome')
          .orderBy('attempt');
        const count = (outcome: string) => rows.filter((row) => row.outcome === outcome).length;
        const newest = rows.at(-1);
        const mayGoOn = !broken.isFinal && count('failed') <= broken.maxRetries;
        if (ended > 0 && newest && mayGoOn) {
          await transaction('task_attempts').insert({
            execution_id: executionId,
            attempt: newest.attempt + 1,
            worker: broken.worker,
            started_at: at,
          });
          await transaction('task_executions')
            .where({ id: executionId })
            .update({ attempt: newest.attempt + 1 });
        }
        const isAnotherOpen = ended > 0 ? mayGoOn : newest?.outcome === 'running';
        return { failed: count('failed'), lost: count('lost'), isUsedUp: !isAnotherOpen };
      });
    },
  };
}
