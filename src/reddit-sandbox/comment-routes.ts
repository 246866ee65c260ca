import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { COMMENT_SORTS } from '../platform/reddit/reddit-client';
import { buildTree, cutAround, cutTree } from './sandbox-comment-tree';
import type { CommentTree, Cut } from './sandbox-comment-tree';
import { FAULT_HEADER } from './fault-hooks';
import { boundedNumber } from './listing-routes';
import type { Query } from './listing-routes';
import type { Oddities } from './oddities';
import type { PostData, RedditContent, Thread } from './reddit-content';
import { refuse, refusesAccess } from './reddit-refusals';
import { flatThings, listing, nestedThings, postThing, type StubStyle } from './reddit-things';

const MOST_CHILDREN = 100;
/** `morechildren` answers with at most this many comments; the requested ones come first. */
const MOST_MORE_COMMENTS = 100;
const MOST_CONTEXT = 8;

interface Found {
  post: PostData;
  thread: Thread;
  tree: CommentTree;
}

/** In contest mode every answer has another order. */
const shuffled = (nodes: Thread['nodes']) => nodes.map((node) => ({ ...node, score: Math.random() }));

const sortOf = (query: Query) => COMMENT_SORTS.find((sort) => sort === query.sort) ?? 'confidence';

export function registerCommentRoutes(
  app: FastifyInstance,
  { content, oddities }: { content: RedditContent; oddities: Oddities },
): void {
  const styleOf = ({ name }: PostData): StubStyle => ({
    link: name,
    isUncounted: oddities.of(name) === 'uncounted-stubs',
  });

  /** Undefined when a refusal was sent. */
  function find(reply: FastifyReply, postId: string, query: Query, inSubreddit?: string): Found | undefined {
    const post = content.post(postId);
    const thread = content.thread(postId);
    if (!post || !thread || (inSubreddit && inSubreddit.toLowerCase() !== post.subreddit.toLowerCase())) {
      void refuse(reply, 404);
      return undefined;
    }
    if (refusesAccess(reply, content.subreddit(post.subreddit))) return undefined;
    const isShuffled = post.contest_mode === true && query.sort === undefined;
    return { post, thread, tree: buildTree(isShuffled ? shuffled(thread.nodes) : thread.nodes) };
  }

  type PageParams = { subreddit?: string; postId: string; commentId?: string };
  async function servePage(request: FastifyRequest<{ Params: PageParams; Querystring: Query }>, reply: FastifyReply) {
    const { subreddit, postId, commentId = request.query.comment } = request.params;
    const found = find(reply, postId, request.query, subreddit);
    if (!found) return reply;
    const { post, thread, tree } = found;
    const focusName = commentId && `t1_${commentId.replace(/^t1_/, '')}`;
    const oddity = focusName ? oddities.of(focusName) : undefined;
    if (oddity === 'page-missing') return refuse(reply, 404);
    if (oddity === 'page-spoilt') reply.header(FAULT_HEADER, 'truncate');
    const levels = boundedNumber(request.query.depth, 0, 0, 10);
    const cut: Cut = {
      sort: sortOf(request.query),
      limit: boundedNumber(request.query.limit, 200, 1, 500),
      levels: levels || undefined,
    };
    const focus = focusName ? thread.nodes.findIndex((node) => `t1_${node.id}` === focusName) : -1;
    const context = boundedNumber(request.query.context, 0, 0, MOST_CONTEXT);
    const focused = () => (focus < 0 ? [] : cutAround(tree, focus, context, cut));
    const items = commentId ? focused() : cutTree(tree, -1, tree.roots, cut);
    const things = oddities.onPage(nestedThings(items, thread, styleOf(post)), post.name, focusName);
    return [listing([postThing(post)]), listing(things)];
  }
  for (const path of ['/comments/:postId', '/comments/:postId/:slug', '/comments/:postId/:slug/:commentId']) {
    app.get(path, servePage);
    app.get(`/r/:subreddit${path}`, servePage);
  }

  const refuseMore = (reply: FastifyReply, name: string, message: string, field: string) =>
    reply.code(400).send({ json: { errors: [[name, message, field]] } });

  async function serveMore(query: Query, reply: FastifyReply) {
    const asked = new Set(
      (query.children ?? '')
        .split(',')
        .map((id) => id.trim().replace(/^t1_/, ''))
        .filter(Boolean),
    );
    if (asked.size > MOST_CHILDREN)
      return refuseMore(reply, 'TOO_MANY_THING_IDS', 'you provided too many ids', 'children');
    if (!query.link_id?.startsWith('t3_')) return refuseMore(reply, 'NO_THING_ID', 'id not specified', 'link_id');
    const found = find(reply, query.link_id.slice(3), query);
    if (!found) return reply;
    const { post, thread, tree } = found;
    const isAsked = thread.nodes.map((node) => asked.has(node.id));
    // A comment that is requested together with its ancestor is part of the ancestor's subtree and is not repeated.
    const isCovered: boolean[] = [];
    thread.nodes.forEach(({ parent }) => isCovered.push(parent >= 0 && (isAsked[parent]! || isCovered[parent]!)));
    const tops = thread.nodes.flatMap(({ id }, index) =>
      isAsked[index] && !isCovered[index] && !oddities.isLeftOutOfMore(`t1_${id}`) ? [index] : [],
    );
    const limit = query.limit_children === 'true' ? tops.length : MOST_MORE_COMMENTS;
    const items = cutTree(tree, -1, tops, { sort: sortOf(query), limit, keepsTops: true });
    const things = flatThings(items, thread, tree, styleOf(post));
    const named = tops.map((index) => {
      const { name, parent_id: parent } = thread.comment(index);
      return { name, parent };
    });
    return { json: { errors: [], data: { things: oddities.inMore(things, named) } } };
  }
  app.get<{ Querystring: Query }>('/api/morechildren', (request, reply) => serveMore(request.query, reply));
  app.post<{ Querystring: Query; Body: Query | null }>('/api/morechildren', (request, reply) =>
    serveMore({ ...request.query, ...request.body }, reply),
  );
}
