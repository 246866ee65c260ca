import type { FastifyReply, FastifyRequest } from 'fastify';

/** Links the next page in headers: the bodies are lists, which have no place for a cursor. */
export function linkNextPage(request: FastifyRequest, reply: FastifyReply, cursor: string | null): void {
  if (cursor === null) return;
  const url = new URL(request.url, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  reply.header('X-Next-Cursor', cursor).header('Link', `<${url.pathname}${url.search}>; rel="next"`);
}
