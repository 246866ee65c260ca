/** docs/adr/0012 gives the reasons for the values. */
export interface ScrapeLimits {
  /** Of one activity: enough to make its cost small beside its work, and to free its slot within half a minute. */
  requestsPerSlice: number;
  msPerSlice: number;
  /** How many subreddits of one run are scraped concurrently. */
  subredditsAtOnce: number;
  /** The number of slices after which the workflow continues as new. */
  slicesPerHistory: number;
}

export const SCRAPE_LIMITS: ScrapeLimits = {
  requestsPerSlice: 100,
  msPerSlice: 30_000,
  subredditsAtOnce: 4,
  slicesPerHistory: 200,
};
