import type { FastifyReply, FastifyRequest } from 'fastify';

/** Names the next page in the headers, since the bodies keep the shape they always had. */
export function linkNextPage(request: FastifyRequest, reply: FastifyReply, cursor: string | null): void {
  if (cursor === null) return;
  const url = new URL(request.url, 'http://localhost');
  url.searchParams.set('cursor', cursor);
  reply.header('X-Next-Cursor', cursor).header('Link', `<${url.pathname}${url.search}>; rel="next"`);
}
