import { nextExpansion, foldedComments } from './comment-expansion';
import { addCounts, freshListing, freshOutcome, readState, type SubredditOutcome, type Thread } from './scrape-state';
import type { CommentTree, RedditError } from '../../platform/reddit/reddit-client';
import type { TaskContext } from '../task-type';
import type { ScrapeParameters } from './scrape-parameters';

const POSTS_A_PAGE = 100;
const COMMENTS_A_TREE = 500;

/** By name: only the types of another room may be imported here. */
const redditErrorKind = (error: unknown) => (error instanceof Error && error.name === 'RedditError' ? (error as RedditError).kind : undefined);
const isRefusal = (error: unknown) => ['forbidden', 'not_found'].includes(redditErrorKind(error) ?? '');

/**
 * Scrapes one subreddit after the other: page, its posts' comments, next page. A refused subreddit is an outcome;
 * what the next attempt may mend is thrown, and that attempt goes on from the last step that was done.
 */
export async function scrapeSubreddits(context: TaskContext, parameters: ScrapeParameters): Promise<SubredditOutcome[]> {
  const { signal, log, startedAt } = context;
  const { content } = context.services;
  const reddit = context.services.reddit.scoped();
  const state = readState(context.cursor);
  const options = { runStartedAt: startedAt, isSandbox: reddit.isSandbox };
  // Of the whole attempt: r/all and the like show again what another subreddit has shown.
  const seen = new Set(state.seen);
  let requestsCounted = 0;

  function save(outcome: SubredditOutcome): void {
    outcome.requests += reddit.requestsSent() - requestsCounted;
    requestsCounted = reddit.requestsSent();
    context.saveCursor(structuredClone(state));
  }

  async function scrapePage(outcome: SubredditOutcome): Promise<void> {
    const { after, listed } = state.listing;
    const wanted = parameters.posts_limit - listed;
    const query = { subreddit: outcome.subreddit, sort: parameters.sort, timeFilter: parameters.time_filter, limit: Math.min(POSTS_A_PAGE, wanted), after };
    const page = await reddit.listPosts(query, signal);
    const posts = [...new Map(page.posts.map((post) => [post.id, post])).values()].filter((post) => !seen.has(post.id)).slice(0, wanted);
    addCounts(outcome.posts, await content.upsertPosts(posts, options));

    outcome.malformed += page.malformed;
    for (const post of posts) seen.add(post.id);
    state.seen.push(...posts.map((post) => post.id));
    state.pending = parameters.comments_limit > 0 ? posts.filter((post) => post.numComments > 0).map((post) => post.id) : [];
    const isStuck = page.after === after || page.posts.length + page.malformed === 0;
    state.listing = { after: page.after, listed: listed + posts.length, isEnded: page.after === null || isStuck || posts.length === wanted };
    save(outcome);
  }

  async function scrapeThread(outcome: SubredditOutcome, postId: string): Promise<void> {
    const { comments_limit: limit, expand_more: allowance } = parameters;
    const mostLevels = parameters.comments_depth ?? Infinity;
    const known = new Set<string>();

    /** Returns how many it stored. */
    async function store(found: Omit<CommentTree, 'post'>, room: number): Promise<number> {
      const fresh = found.comments.filter((comment) => comment.depth < mostLevels && !known.has(comment.id) && known.add(comment.id)).slice(0, room);
      addCounts(outcome.comments, await content.upsertComments(fresh, options));
      outcome.comments.deleted_marked += fresh.filter((comment) => comment.isDeleted).length;
      outcome.malformed += found.malformed;
      return fresh.length;
    }
    const wantedStubs = (found: Omit<CommentTree, 'post'>) => found.more.filter((stub) => stub.depth < mostLevels);
    const askTree = (room: number, comment?: { id: string; depth: number }) => {
      const levels = mostLevels - (comment?.depth ?? 0);
      return reddit.getComments({ postId, comment, limit: Math.min(COMMENTS_A_TREE, room), depth: Number.isFinite(levels) ? levels : undefined }, signal);
    };

    if (!state.thread) {
      const tree = await askTree(limit);
      state.thread = { stored: await store(tree, limit), spent: 0, more: wantedStubs(tree) };
      save(outcome);
    }
    while (state.thread.more.length > 0 && state.thread.spent < allowance && state.thread.stored < limit) {
      const { stored, spent, more }: Thread = state.thread;
      const next = nextExpansion(more);
      if (next.kind === 'thread') known.add(next.comment.id);
      const found = next.kind === 'thread' ? await askTree(limit - stored + 1, next.comment) : await reddit.getMoreChildren({ postId, children: next.children, depthOf: next.depthOf }, signal);
      state.thread = { stored: stored + (await store(found, limit - stored)), spent: spent + 1, more: [...next.rest, ...wantedStubs(found)] };
      save(outcome);
    }
  }

  async function scrapePending(outcome: SubredditOutcome): Promise<void> {
    for (let [postId] = state.pending; postId; [postId] = state.pending) {
      signal.throwIfAborted();
      try {
        await scrapeThread(outcome, postId);
      } catch (error) {
        // It vanished since it was listed, or Reddit cannot show it: the other posts are still worth the while.
        if (!isRefusal(error) && redditErrorKind(error) !== 'malformed') throw error;
        outcome.threads_failed += 1;
        log.warn({ subreddit: outcome.subreddit, post: postId, error: (error as Error).message }, 'the comments of a post could not be had');
      }
      outcome.unexpanded += foldedComments(state.thread?.more ?? []);
      state.thread = null;
      state.pending.shift();
      save(outcome);
    }
  }

  async function scrapeSubreddit(outcome: SubredditOutcome): Promise<void> {
    try {
      await scrapePending(outcome);
      while (!state.listing.isEnded) {
        signal.throwIfAborted();
        await scrapePage(outcome);
        await scrapePending(outcome);
      }
      outcome.status = 'succeeded';
      const { subreddit, posts, comments, requests } = outcome;
      log.info({ subreddit, posts, comments, requests, sandbox: reddit.isSandbox }, reddit.isSandbox ? `r/${subreddit} scraped from the sandbox: its content is made up or recorded` : `r/${subreddit} scraped`);
    } catch (error) {
      if (!isRefusal(error)) {
        save(outcome);
        throw signal.aborted ? signal.reason : error;
      }
      outcome.status = 'failed';
      outcome.error = (error as Error).message;
      log.warn({ subreddit: outcome.subreddit, error: outcome.error }, `r/${outcome.subreddit} could not be scraped`);
    }
    [state.listing, state.pending, state.thread, state.seen] = [freshListing(), [], null, []];
    save(outcome);
  }

  for (const [index, subreddit] of parameters.subreddits.entries()) {
    const outcome = (state.outcomes[index] ??= freshOutcome(subreddit));
    if (outcome.status === 'running') await scrapeSubreddit(outcome);
  }
  return state.outcomes;
}
