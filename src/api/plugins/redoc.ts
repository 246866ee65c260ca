import { createReadStream } from 'node:fs';
import type { FastifyInstance } from 'fastify';

const SCRIPT = '/redoc/redoc.standalone.js';

/** Redoc injects styles from its script, searches in a worker from a blob URL, and uses inline images. */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src " +
  "'self' data:; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Taskloom API</title>
    <style>body { margin: 0; }</style>
  </head>
  <body>
    <redoc spec-url="/openapi.json" hide-hostname></redoc>
    <script src="${SCRIPT}"></script>
  </body>
</html>
`;

/** The OpenAPI document as a page for reading, at /redoc. It loads nothing from other hosts. */
export function installRedoc(app: FastifyInstance): void {
  const config = { access: 'open' } as const;
  app.get('/redoc', { config }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').header('Content-Security-Policy', POLICY).send(PAGE),
  );
  app.get(SCRIPT, { config }, async (_request, reply) =>
    reply
      .type('text/javascript; charset=utf-8')
      .header('Cache-Control', 'public, max-age=3600')
      .send(createReadStream(require.resolve('redoc/bundles/redoc.standalone.js'))),
  );
}
