import { withTimeout } from '../concurrency/with-timeout';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NewAuditEntry } from '../../storage/accounts/audit-repository';

/** How a route's use is recorded. A route that changes something, or hands out files, has one; `false` says that it changes nothing. */
export interface AuditRule {
  /** `schedule.{action}`: with the path parameter of that name, or a question mark when it is not one that there is. */
  action: string;
  target: string;
  /** Fields of query, body and answer that are kept with their values. Of all others nothing is. */
  keep?: readonly string[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    audit?: AuditRule | false;
  }
  interface FastifyRequest {
    /** What a handler of an open route knows of who asks, by a token whose signature is good. */
    audited: { actorId: number; targetId: string; details: Record<string, unknown> } | null;
  }
  interface FastifySchema {
    'x-audit'?: string;
  }
}

type Fields = Record<string, unknown>;

const SECRET = /password|token|secret|api_?key|^key$|authorization/i;
const WRITE_WITHIN_MS = 2_000;
const LONGEST_TEXT = 300;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const shorten = (value: unknown) => (typeof value === 'string' ? value.slice(0, LONGEST_TEXT) : value);

function readAnswer(payload: unknown): Fields {
  if (typeof payload !== 'string' || !payload.startsWith('{')) return {};
  return fieldsOf(JSON.parse(payload));
}

function outcomeOf(status: number, answer: Fields): NewAuditEntry['outcome'] {
  if (status >= 500) return 'failed';
  return status >= 400 || answer.success === false ? 'refused' : 'succeeded';
}

/** Whom the gate or the handler has made out, or whom the answer signs in. Of tokens only one that we issue just now is taken at its word. */
function actorOf(app: FastifyInstance, request: FastifyRequest, answer: Fields): number | null {
  if (request.user as unknown) return request.user.id;
  if (request.audited) return request.audited.actorId;
  const claims = typeof answer.access_token === 'string' ? app.jwt.decode<{ sub?: string }>(answer.access_token) : null;
  return Number(claims?.sub) || null;
}

/** With these an open route refuses after it has counted; all other refusals are to be had without end. */
const COUNTED_REFUSALS = [400, 401, 403, 409];

/** Whether what was asked without signing in is worth a row: it was done, or it names somebody and is among what the limits bound. */
function isWorthARow(rule: AuditRule, request: FastifyRequest, status: number): boolean {
  if (status < 400) return true;
  // A spent token that comes again ends a session, even of one who has to wait.
  if (request.audited?.details.is_replayed) return true;
  const body = fieldsOf(request.body);
  const isNamed = request.audited !== null || (rule.keep ?? []).some((name) => typeof body[name] === 'string');
  return isNamed && COUNTED_REFUSALS.includes(status);
}

function detailsOf(rule: AuditRule, request: FastifyRequest, answer: Fields): Fields {
  const sources = [fieldsOf(request.body), fieldsOf(request.query), answer];
  const kept = (rule.keep ?? []).flatMap((name) => {
    const source = sources.find((fields) => fields[name] !== undefined);
    return source ? [[name, shorten(source[name])] as const] : [];
  });
  const changed =
    request.method === 'PUT' || request.method === 'PATCH'
      ? { fields: Object.keys(fieldsOf(request.body)).slice(0, 50) }
      : {};
  return { ...changed, ...Object.fromEntries(kept) };
}

/**
 * Writes who did what, after it was done and before the answer leaves: whoever has an answer finds its entry.
 * An entry that cannot be written goes to the log instead, whole, and the answer stays what it is: the change is made
 * by then, and an error would only have it made twice. What a caller without a good token was refused is in the log alone,
 * or anybody could fill the table; but for wrong logins and the like, which name somebody and are bounded by the limits.
 */
export function installAuditLog(
  app: FastifyInstance,
  services: { audit: { record(entry: NewAuditEntry): Promise<void> } },
): void {
  app.decorateRequest('audited', null);
  app.addHook('onRoute', ({ url, config, schema }) => {
    const rule = config?.audit;
    if (rule && rule.keep?.some((name) => SECRET.test(name))) throw new Error(`${url}: the audit log keeps no secrets`);
    if (schema && rule !== undefined) schema['x-audit'] = rule ? rule.action : 'changes nothing';
  });

  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    const { audit: rule, access } = request.routeOptions.config ?? {};
    if (!rule) return;
    const answer = readAnswer(payload);
    const actorId = actorOf(app, request, answer);
    if (access === 'open' ? !isWorthARow(rule, request, reply.statusCode) : actorId === null) return;

    const params = fieldsOf(request.params) as Record<string, string>;
    const target = (params.id ??
      params.user_id ??
      params.type ??
      answer.id ??
      answer.task_id ??
      request.audited?.targetId) as string | number | undefined;
    const entry: NewAuditEntry = {
      actorId,
      apiKey: request.apiKey && { id: request.apiKey.id, prefix: request.apiKey.prefix },
      action: rule.action.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '?'),
      targetType: rule.target,
      targetId: target === undefined ? null : String(target),
      outcome: outcomeOf(reply.statusCode, answer),
      status: reply.statusCode,
      address: request.address,
      userAgent: request.headers['user-agent'] ?? null,
      requestId: request.id,
      details: { ...detailsOf(rule, request, answer), ...request.audited?.details },
    };
    await withTimeout(WRITE_WITHIN_MS, services.audit.record(entry)).catch((error: unknown) =>
      request.log.error({ err: error, audit: entry }, 'audit entry not written'),
    );
  });
}
