/** A request fails when one of its Redis commands takes longer. The tests of outages use it too. */
export const REDIS_TIMEOUT_MS = 1_500;

/** Rejects when `work` takes longer than `ms`. The work itself is not cancelled; its result is ignored. */
export async function withTimeout<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
