import { unprocessable, notFound, unavailable } from '../schemas/common-schemas';
import {
  comment,
  commentsQuery,
  post,
  postCommentsQuery,
  postParams,
  postsQuery,
  redditBudget as redditBudgetBody,
} from '../schemas/reddit-schemas';
import {
  commentSearchBody,
  postSearchBody,
  historyQuery,
  postSnapshot,
  searchAnswer,
  searchQuery,
  subredditParams,
  subredditStats,
  subredditStatsQuery,
} from '../schemas/reddit-insight-schemas';
import { commentTree, treeQuery } from '../schemas/reddit-tree-schemas';
import { linkNextPage } from './next-page-link';
import type { RedditBudgetService } from '../services/reddit/reddit-budget-service';
import type { RedditService } from '../services/reddit/reddit-service';
import type { ZodApp } from '../zod-app';

export function registerRedditRoutes(
  app: ZodApp,
  { reddit, redditBudget }: { reddit: RedditService; redditBudget: RedditBudgetService },
): void {
  const config = { access: 'user' } as const;
  const tags = ['reddit'];

  app.get(
    '/reddit/posts',
    {
      config: { ...config, isCoalesced: true },
      schema: {
        tags,
        summary: 'Posts, newest first',
        querystring: postsQuery,
        response: { 200: post.array(), ...unprocessable },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await reddit.listPosts(request.query);
      linkNextPage(request, reply, nextCursor);
      return items;
    },
  );

  app.get(
    '/reddit/posts/:post_id',
    { config, schema: { tags, summary: 'One post', params: postParams, response: { 200: post, ...notFound } } },
    async (request) => reddit.getPost(request.params.post_id),
  );

  app.get(
    '/reddit/posts/:post_id/comments',
    {
      config,
      schema: {
        tags,
        summary: 'The comments of a post, best first',
        params: postParams,
        querystring: postCommentsQuery,
        response: { 200: comment.array(), ...notFound, ...unprocessable },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await reddit.listPostComments(request.params.post_id, request.query);
      linkNextPage(request, reply, nextCursor);
      return items;
    },
  );

  app.get(
    '/reddit/comments',
    {
      config: { ...config, isCoalesced: true },
      schema: {
        tags,
        summary: 'Comments, newest first',
        querystring: commentsQuery,
        response: { 200: comment.array(), ...unprocessable },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await reddit.listComments(request.query);
      linkNextPage(request, reply, nextCursor);
      return items;
    },
  );

  app.get(
    '/reddit/posts/:post_id/tree',
    {
      config,
      schema: {
        tags,
        summary: 'The comments of a post as a tree',
        params: postParams,
        querystring: treeQuery,
        response: { 200: commentTree, ...notFound, ...unprocessable },
      },
    },
    async (request) => reddit.tree(request.params.post_id, request.query),
  );

  app.get(
    '/reddit/posts/:post_id/history',
    {
      config,
      schema: {
        tags,
        summary:
          'Score, upvote ratio and comments of a post over time, oldest first: one entry whenever a scrape ' +
          'found one of them changed',
        params: postParams,
        querystring: historyQuery,
        response: { 200: postSnapshot.array(), ...notFound, ...unprocessable },
      },
    },
    async (request, reply) => {
      const { items, nextCursor } = await reddit.history(request.params.post_id, request.query);
      linkNextPage(request, reply, nextCursor);
      return items;
    },
  );

  app.get(
    '/reddit/search',
    {
      config,
      schema: {
        tags,
        summary: 'Full text over posts and comments, the best match first',
        querystring: searchQuery,
        response: { 200: searchAnswer, ...unprocessable },
      },
    },
    async (request, reply) => {
      const { nextCursor, ...answer } = await reddit.search(request.query);
      linkNextPage(request, reply, nextCursor);
      return answer;
    },
  );

  app.post(
    '/reddit/comments/search',
    {
      config: { ...config, audit: false },
      schema: {
        tags,
        summary: 'Comments that contain a text, the best first',
        body: commentSearchBody,
        response: { 200: comment.array(), ...unprocessable },
      },
    },
    async (request) => reddit.searchComments(request.body),
  );

  app.post(
    '/reddit/posts/search',
    {
      config: { ...config, audit: false },
      schema: {
        tags,
        summary: 'Posts that contain a text in title or content, the best first',
        body: postSearchBody,
        response: { 200: post.array(), ...unprocessable },
      },
    },
    async (request) => reddit.searchPosts(request.body),
  );

  app.get(
    '/reddit/subreddits/:name/stats',
    {
      config,
      schema: {
        tags,
        summary: 'What was written in a subreddit of late',
        params: subredditParams,
        querystring: subredditStatsQuery,
        response: { 200: subredditStats, ...notFound, ...unprocessable },
      },
    },
    async (request) => reddit.report(request.params.name, request.query.days),
  );

  app.get(
    '/reddit/budget',
    {
      config,
      schema: {
        tags,
        summary: 'The rest of the request budget at Reddit, and the configs that wait for it',
        response: { 200: redditBudgetBody, ...unavailable },
      },
    },
    async () => redditBudget.read(),
  );

  app.post(
    '/reddit/budget/reset',
    {
      config: { access: 'admin', audit: { action: 'reddit_budget.reset', target: 'reddit_budget' } },
      schema: {
        tags,
        summary: "Forget what Reddit's headers told of the request budget",
        description:
          'For a budget that wrong headers have closed: the next answer of Reddit tells its state anew. Requests in ' +
          'line and under way stay, and so does REDDIT_REQUESTS_PER_MINUTE.',
        response: { 200: redditBudgetBody, ...unavailable },
      },
    },
    async () => redditBudget.reset(),
  );
}
