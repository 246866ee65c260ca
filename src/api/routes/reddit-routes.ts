import { faults, notFound, unavailable } from '../schemas/common-schemas';
import { comment, commentsQuery, post, postCommentsQuery, postParams, postsQuery, redditBudget as redditBudgetBody } from '../schemas/reddit-schemas';
import { linkNextPage } from './next-page';
import type { RedditBudgetService } from '../services/reddit-budget-service';
import type { RedditService } from '../services/reddit-service';
import type { ZodApp } from '../app';

export function registerRedditRoutes(app: ZodApp, { reddit, redditBudget }: { reddit: RedditService; redditBudget: RedditBudgetService }): void {
  const config = { access: 'user' } as const;
  const tags = ['reddit'];

  app.get('/reddit/posts', { config: { ...config, isShared: true }, schema: { tags, summary: 'Posts, newest first', querystring: postsQuery, response: { 200: post.array(), ...faults } } }, async (request, reply) => {
    const { items, nextCursor } = await reddit.listPosts(request.query);
    linkNextPage(request, reply, nextCursor);
    return items;
  });

  app.get('/reddit/posts/:post_id', { config, schema: { tags, summary: 'One post', params: postParams, response: { 200: post, ...notFound } } }, async (request) => reddit.getPost(request.params.post_id));

  app.get(
    '/reddit/posts/:post_id/comments',
    { config, schema: { tags, summary: 'The comments of a post, best first', params: postParams, querystring: postCommentsQuery, response: { 200: comment.array(), ...notFound, ...faults } } },
    async (request, reply) => {
      const { items, nextCursor } = await reddit.listPostComments(request.params.post_id, request.query);
      linkNextPage(request, reply, nextCursor);
      return items;
    },
  );

  app.get('/reddit/comments', { config: { ...config, isShared: true }, schema: { tags, summary: 'Comments, newest first', querystring: commentsQuery, response: { 200: comment.array(), ...faults } } }, async (request, reply) => {
    const { items, nextCursor } = await reddit.listComments(request.query);
    linkNextPage(request, reply, nextCursor);
    return items;
  });

  app.get('/reddit/budget', { config, schema: { tags, summary: 'What is left of the request budget at Reddit, and who waits for it', response: { 200: redditBudgetBody, ...unavailable } } }, async () => redditBudget.read());
}
