/** Callers within `ms` after the start of a call share that call and its result, also if it fails. */
export function shareFor<Result>(ms: number, run: () => Promise<Result>): () => Promise<Result> {
  let last: { startedAt: number; result: Promise<Result> } | undefined;
  return () => {
    const now = performance.now();
    if (!last || now - last.startedAt > ms) last = { startedAt: now, result: run() };
    return last.result;
  };
}
