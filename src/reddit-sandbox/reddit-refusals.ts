import type { FastifyReply } from 'fastify';
import type { SandboxSubreddit } from './reddit-content';

/** The messages in the bodies of Reddit's own errors. */
const MESSAGES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

export const refuse = (reply: FastifyReply, status: number, extra: Record<string, unknown> = {}): FastifyReply =>
  reply.code(status).send({ ...extra, message: MESSAGES[status] ?? 'Error', error: status });

/** Returns false for a public subreddit; otherwise sends the refusal and returns true. */
export function refusesAccess(reply: FastifyReply, subreddit: SandboxSubreddit | undefined): boolean {
  if (subreddit?.movedTo) {
    void reply.code(301).header('location', `https://www.reddit.com/r/${subreddit.movedTo}/`).send();
    return true;
  }
  if (subreddit?.access === 'public') return false;
  if (subreddit?.access === 'private' || subreddit?.access === 'quarantined')
    void refuse(reply, 403, { reason: subreddit.access });
  else void refuse(reply, 404, subreddit ? { reason: 'banned' } : {});
  return true;
}
