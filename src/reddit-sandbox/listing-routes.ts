import type { FastifyInstance } from 'fastify';
import { REDDIT_SORTS, REDDIT_TIME_FILTERS } from '../platform/reddit/reddit-client';
import type { RedditSort } from '../platform/reddit/reddit-client';
import type { FaultPlan } from './fault-plan';
import type { RedditContent, RedditData } from './reddit-content';
import { refuse, refusesAccess } from './reddit-refusals';
import { commentThing, listing, postThing, type Thing } from './reddit-things';

export type Query = Record<string, string | undefined>;

/** The number in the text, brought inside the bounds; `otherwise` where the text is not a number. */
export function boundedNumber(text: string | undefined, otherwise: number, least: number, most: number): number {
  const given = Number.parseInt(text ?? '', 10);
  return Number.isNaN(given) ? otherwise : Math.min(most, Math.max(least, given));
}

/** Reddit's listings end after a thousand items, however many pages are asked for. */
const LISTING_END = 1_000;
const MOST_INFO_IDS = 100;

interface Page {
  ids: string[];
  after: string | null;
  before: string | null;
}
const EMPTY_PAGE: Page = { ids: [], after: null, before: null };

/** Where the asked page begins and ends in the listing; undefined when its anchor is no longer there. */
function pageBounds(ids: string[], query: Query): { start: number; end: number } | undefined {
  const limit = boundedNumber(query.limit, 25, 1, 100);
  const anchor = query.after ?? query.before;
  if (!anchor) return { start: 0, end: limit };
  const place = ids.indexOf(anchor.replace(/^t3_/, ''));
  if (place < 0) return undefined;
  return query.after ? { start: place + 1, end: place + 1 + limit } : { start: Math.max(0, place - limit), end: place };
}

/** An anchor that is no longer in the listing gives an empty page, as on Reddit. */
function page(ids: string[], query: Query): Page {
  const bounds = pageBounds(ids, query);
  const shown = bounds ? ids.slice(bounds.start, bounds.end) : [];
  if (!bounds || shown.length === 0) return { ...EMPTY_PAGE };
  const isFirst = bounds.start === 0 || !(query.after ?? query.before);
  return {
    ids: shown,
    after: bounds.end < ids.length ? `t3_${shown.at(-1)}` : null,
    before: isFirst ? null : `t3_${shown[0]}`,
  };
}

export function registerListingRoutes(app: FastifyInstance, deps: { content: RedditContent; faults: FaultPlan }): void {
  const { content, faults } = deps;

  /** Reddit leaves out what the asker may not see, without a word. */
  const isVisible = (data: RedditData | undefined) =>
    data !== undefined && content.subreddit(String(data.subreddit))?.access === 'public';
  function findThing(name: string): Thing | undefined {
    const [kind, id = ''] = name.split('_');
    const post = kind === 't3' ? content.post(id) : undefined;
    if (post) return isVisible(post) ? postThing(post) : undefined;
    const comment = kind === 't1' ? content.comment(id) : undefined;
    return comment && isVisible(comment) ? commentThing(comment) : undefined;
  }

  const serveListing = (path: string, sort: RedditSort) =>
    app.get<{ Params: { subreddit: string }; Querystring: Query }>(path, async (request, reply) => {
      const subreddit = content.subreddit(request.params.subreddit);
      if (refusesAccess(reply, subreddit)) return reply;
      const timeFilter = REDDIT_TIME_FILTERS.find((filter) => filter === request.query.t) ?? 'day';
      const all = content.listing(request.params.subreddit, sort, timeFilter).slice(0, LISTING_END);
      const found = page(all, request.query);
      const isLast = found.ids.length > 0 && found.after === null;
      if (subreddit?.isCircular && isLast) found.after = page(all, { limit: request.query.limit }).after;
      return listing(faults.spoil(found.ids.map((id) => postThing(content.post(id)!))), found);
    });
  serveListing('/r/:subreddit', 'hot');
  for (const sort of REDDIT_SORTS) serveListing(`/r/:subreddit/${sort}`, sort);

  app.get<{ Params: { subreddit: string } }>('/r/:subreddit/about', async (request, reply) => {
    const subreddit = content.subreddit(request.params.subreddit);
    return refusesAccess(reply, subreddit) ? reply : { kind: 't5', data: subreddit!.about };
  });

  app.get<{ Querystring: Query }>('/api/info', async (request, reply) => {
    const names = (request.query.id ?? '').split(',').filter(Boolean);
    if (names.length > MOST_INFO_IDS) return refuse(reply, 400);
    const things = names.map(findThing).filter((thing) => thing !== undefined);
    return listing(faults.spoil(things));
  });
}
