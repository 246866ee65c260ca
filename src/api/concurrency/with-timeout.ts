/** Who asks the API is told in this time that Redis hangs. The first question of a request that is not answered ends it. */
export const REDIS_TIMEOUT_MS = 1_500;

/** Rejects when the answer takes longer; what was asked for goes on, and nobody waits for it. */
export async function withTimeout<Answer>(ms: number, asked: Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No answer within ${ms / 1_000} s`)), ms);
  });
  try {
    return await Promise.race([asked, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** All who ask within `ms` of each other share one question. */
export function coalesceFor<Answer>(ms: number, ask: () => Promise<Answer>): () => Promise<Answer> {
  let last: { at: number; answer: Promise<Answer> } | undefined;
  return () => {
    if (!last || performance.now() - last.at > ms) last = { at: performance.now(), answer: ask() };
    return last.answer;
  };
}
