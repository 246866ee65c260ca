const BATCH = 500;
/** The rest is left to the next pass, since the reconcile pass runs every minute. */
const BATCHES_PER_PASS = 20;

export interface ContentLanguagesDeps {
  /** Each call handles at most `limit` posts and comments each, and returns how many; 0 once nothing is left. */
  contentLanguages: { forgetOutdated(limit: number): Promise<number>; fill(limit: number): Promise<number> };
}

/** Content that was stored before its language was known, or before another one was set for its subreddit, gets it. */
export function createLanguageFilling({ contentLanguages }: ContentLanguagesDeps) {
  return async function fillLanguages(): Promise<{ languagesFilled: number }> {
    let filled = 0;
    let isOutdated = true;
    for (let batch = 0; batch < BATCHES_PER_PASS; batch += 1) {
      // All that is outdated first: what is filled is no longer told from it.
      if (isOutdated) isOutdated = (await contentLanguages.forgetOutdated(BATCH)) > 0;
      if (isOutdated) continue;
      const count = await contentLanguages.fill(BATCH);
      filled += count;
      if (count === 0) break;
    }
    return { languagesFilled: filled };
  };
}
