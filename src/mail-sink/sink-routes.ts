import PostalMime, { type Email } from 'postal-mime';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { MailStore, MailSummary } from './mail-store';
import { framedHtml, listPage, mailPage, STYLE } from './sink-pages';

const PAGE_POLICY =
  "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/** For a mail's own HTML: styles are allowed; scripts, and requests that would tell the sender it was read, are not. */
const MAIL_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; " +
  "sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'";

const parse = (raw: Buffer): Promise<Email> => PostalMime.parse(raw);

export function registerSinkRoutes(app: FastifyInstance, store: MailStore): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': PAGE_POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
    // Protects against DNS rebinding: a web page must not read mails, because they hold password reset links.
    const isOurs = (host: string | undefined) => host !== undefined && /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host);
    if (!isOurs(request.headers.host)) return reply.code(403).send({ message: 'Only for this machine' });
    const { origin } = request.headers;
    if (
      request.method !== 'GET' &&
      request.method !== 'HEAD' &&
      origin !== undefined &&
      origin !== `http://${request.headers.host}`
    )
      return reply.code(403).send({ message: 'Only from its own page' });
  });
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, _body, done) =>
    done(null, undefined),
  );

  const found = async (id: string): Promise<{ mail: MailSummary; raw: Buffer } | undefined> => {
    const mail = store.get(id);
    const raw = mail && (await store.raw(id));
    return mail && raw ? { mail, raw } : undefined;
  };
  const missing = (reply: FastifyReply) => reply.code(404).send({ message: 'There is no such mail, or no longer' });
  const asPage = (reply: FastifyReply, html: string) => reply.type('text/html; charset=utf-8').send(html);

  app.get('/', async (_request, reply) => asPage(reply, listPage(store.list())));
  app.get('/style.css', async (_request, reply) => reply.type('text/css; charset=utf-8').send(STYLE));
  app.post('/delete-all', async (_request, reply) => {
    await store.removeAll();
    return reply.redirect('/', 303);
  });
  app.get<{ Params: { id: string } }>('/mails/:id', async ({ params }, reply) => {
    const one = await found(params.id);
    return one ? asPage(reply, mailPage(one.mail, await parse(one.raw))) : missing(reply);
  });
  app.get<{ Params: { id: string } }>('/mails/:id/html', async ({ params }, reply) => {
    const one = await found(params.id);
    const html = one && (await parse(one.raw)).html;
    return html === undefined
      ? missing(reply)
      : asPage(reply.header('content-security-policy', MAIL_POLICY), framedHtml(html));
  });
  app.get<{ Params: { id: string } }>('/mails/:id/raw', async ({ params }, reply) => {
    const one = await found(params.id);
    return one ? reply.type('text/plain; charset=utf-8').send(one.raw) : missing(reply);
  });

  app.get('/api/mails', async () => ({ mails: store.list() }));
  app.get<{ Params: { id: string } }>('/api/mails/:id', async ({ params }, reply) => {
    const one = await found(params.id);
    if (!one) return missing(reply);
    const { text = null, html = null, headers } = await parse(one.raw);
    return { ...one.mail, text, html, headers: headers.map(({ key, value }) => ({ key, value })) };
  });
  app.delete('/api/mails', async (_request, reply) => {
    await store.removeAll();
    return reply.code(204).send();
  });
}
