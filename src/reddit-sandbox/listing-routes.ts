import type { FastifyInstance } from 'fastify';
import { REDDIT_SORTS, REDDIT_TIME_FILTERS } from '../platform/reddit/reddit-client';
import type { RedditSort } from '../platform/reddit/reddit-client';
import type { FaultPlan } from './fault-plan';
import type { RedditContent } from './reddit-content';
import { refuse, refusesAccess } from './reddit-refusals';
import { commentThing, listing, postThing } from './reddit-things';

export type Query = Record<string, string | undefined>;

/** A number inside its bounds; what is none counts as not given. */
export function boundedNumber(text: string | undefined, otherwise: number, least: number, most: number): number {
  const given = Number.parseInt(text ?? '', 10);
  return Number.isNaN(given) ? otherwise : Math.min(most, Math.max(least, given));
}

/** No listing goes on beyond this, however often one asks. */
const LISTING_END = 1_000;
const MOST_INFO_IDS = 100;

function page(ids: string[], query: Query): { ids: string[]; after: string | null; before: string | null } {
  const limit = boundedNumber(query.limit, 25, 1, 100);
  const anchor = query.after ?? query.before;
  const place = anchor ? ids.indexOf(anchor.replace(/^t3_/, '')) : -1;
  // An anchor that is no longer in the listing gives an empty page, as on Reddit.
  if (anchor && place < 0) return { ids: [], after: null, before: null };
  const start = query.before && !query.after ? Math.max(0, place - limit) : place + 1;
  const end = query.before && !query.after ? place : start + limit;
  const shown = ids.slice(start, end);
  return {
    ids: shown,
    after: end < ids.length && shown.length ? `t3_${shown.at(-1)}` : null,
    before: anchor && start > 0 && shown.length ? `t3_${shown[0]}` : null,
  };
}

export function registerListingRoutes(app: FastifyInstance, deps: { content: RedditContent; faults: FaultPlan }): void {
  const { content, faults } = deps;

  const serveListing = (path: string, sort: RedditSort) =>
    app.get<{ Params: { subreddit: string }; Querystring: Query }>(path, async (request, reply) => {
      const subreddit = content.subreddit(request.params.subreddit);
      if (refusesAccess(reply, subreddit)) return reply;
      const timeFilter = REDDIT_TIME_FILTERS.find((filter) => filter === request.query.t) ?? 'day';
      const found = page(
        content.listing(request.params.subreddit, sort, timeFilter).slice(0, LISTING_END),
        request.query,
      );
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
    const things = names.flatMap((name) => {
      const [kind, id = ''] = name.split('_');
      const post = kind === 't3' ? content.post(id) : undefined;
      const comment = kind === 't1' ? content.comment(id) : undefined;
      if (content.subreddit(String((post ?? comment)?.subreddit))?.access !== 'public') return [];
      return post ? [postThing(post)] : comment ? [commentThing(comment)] : [];
    });
    return listing(faults.spoil(things));
  });
}
