import { withTimeout } from '../concurrency/with-timeout';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { NewAuditEntry } from '../../storage/accounts/audit-repository';

/**
 * How a route's use is recorded. Required for routes that change something or hand out files. `false` declares that
 * the route changes nothing.
 */
export interface AuditRule {
  /** `schedule.{action}` is filled in from the path parameter of that name; `?` when the parameter is invalid. */
  action: string;
  target: string;
  /** Fields of body, query and response whose values are stored. No other values are. */
  keep?: readonly string[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    audit?: AuditRule | false;
  }
  interface FastifyRequest {
    /** Set by the handler of an open route that has identified the user, by a token with a valid signature. */
    auditContext: { actorId: number; targetId: string; details: Record<string, unknown> } | null;
  }
  interface FastifySchema {
    'x-audit'?: string;
  }
}

type Fields = Record<string, unknown>;
type Id = string | number;

const SECRET = /password|token|secret|api_?key|^key$|authorization/i;
const WRITE_TIMEOUT_MS = 2_000;
/** Longer texts are cut. */
const MAX_TEXT_LENGTH = 300;
const MAX_FIELD_NAMES = 50;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const shorten = (value: unknown) => (typeof value === 'string' ? value.slice(0, MAX_TEXT_LENGTH) : value);

function parseResponse(payload: unknown): Fields {
  if (typeof payload !== 'string' || !payload.startsWith('{')) return {};
  return fieldsOf(JSON.parse(payload));
}

function outcomeOf(status: number, response: Fields): NewAuditEntry['outcome'] {
  if (status >= 500) return 'failed';
  return status >= 400 || response.success === false ? 'refused' : 'succeeded';
}

/**
 * The user that authentication or the handler has identified, or the one whom this response signs in. The token of the
 * response is decoded without verification, because this process has just issued it.
 */
function actorOf(app: FastifyInstance, request: FastifyRequest, response: Fields): number | null {
  if (request.user as unknown) return request.user.id;
  if (request.auditContext) return request.auditContext.actorId;
  const token = response.access_token;
  const claims = typeof token === 'string' ? app.jwt.decode<{ sub?: string }>(token) : null;
  return Number(claims?.sub) || null;
}

/** Refusals of open routes that the rate limits bound. Clients can cause any number of the others. */
const RATE_LIMITED_REFUSALS = [400, 401, 403, 409];

/**
 * Whether a request to an open route gets an entry: it succeeded, or it names a user and its refusal is bounded by the
 * rate limits.
 */
function isRecordedOnOpenRoute(rule: AuditRule, request: FastifyRequest, status: number): boolean {
  if (status < 400) return true;
  // A refresh token that is used twice ends the session, even while the client is rate limited.
  if (request.auditContext?.details.is_replayed) return true;
  const body = fieldsOf(request.body);
  const namesUser = request.auditContext !== null || (rule.keep ?? []).some((name) => typeof body[name] === 'string');
  return namesUser && RATE_LIMITED_REFUSALS.includes(status);
}

function detailsOf(rule: AuditRule, request: FastifyRequest, response: Fields): Fields {
  const sources = [fieldsOf(request.body), fieldsOf(request.query), response];
  const kept = (rule.keep ?? []).flatMap((name) => {
    const source = sources.find((fields) => fields[name] !== undefined);
    return source ? [[name, shorten(source[name])] as const] : [];
  });
  const isUpdate = request.method === 'PUT' || request.method === 'PATCH';
  const changed = isUpdate ? { fields: Object.keys(fieldsOf(request.body)).slice(0, MAX_FIELD_NAMES) } : {};
  return { ...changed, ...Object.fromEntries(kept), ...request.auditContext?.details };
}

/** The id of what was acted on: from the path, else from the response, else from the handler. */
function targetIdOf(request: FastifyRequest, response: Fields): string | null {
  const params = fieldsOf(request.params);
  const candidates = [params.id, params.user_id, params.type, response.id, response.task_id] as (
    Id | null | undefined
  )[];
  const id = candidates.find((candidate) => candidate !== undefined && candidate !== null);
  return id === undefined ? (request.auditContext?.targetId ?? null) : String(id);
}

function actionOf(rule: AuditRule, request: FastifyRequest): string {
  const params = fieldsOf(request.params) as Record<string, string>;
  return rule.action.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '?');
}

/**
 * Writes the audit entry after the change and before the response is sent, so a client that has a response finds its
 * entry. An entry that cannot be written goes to the process log in full, and the response stays as it is: an error
 * would only make the client repeat a change that has been made. Requests without a valid token are in the process log
 * alone, since anybody could fill the table otherwise. The exceptions are failed logins and the like: they name a user,
 * and the rate limits bound them.
 */
export function installAuditLog(
  app: FastifyInstance,
  services: { audit: { record(entry: NewAuditEntry): Promise<void> } },
): void {
  app.decorateRequest('auditContext', null);
  app.addHook('onRoute', ({ url, config, schema }) => {
    const rule = config?.audit;
    if (rule && rule.keep?.some((name) => SECRET.test(name))) throw new Error(`${url}: the audit log keeps no secrets`);
    if (schema && rule !== undefined) schema['x-audit'] = rule ? rule.action : 'changes nothing';
  });

  app.addHook('onSend', async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
    const { audit: rule, access } = request.routeOptions.config ?? {};
    if (!rule) return;
    const response = parseResponse(payload);
    const actorId = actorOf(app, request, response);
    const isRecorded = access === 'open' ? isRecordedOnOpenRoute(rule, request, reply.statusCode) : actorId !== null;
    if (!isRecorded) return;

    const entry: NewAuditEntry = {
      actorId,
      apiKey: request.apiKey && { id: request.apiKey.id, prefix: request.apiKey.prefix },
      action: actionOf(rule, request),
      targetType: rule.target,
      targetId: targetIdOf(request, response),
      outcome: outcomeOf(reply.statusCode, response),
      status: reply.statusCode,
      address: request.address,
      userAgent: request.headers['user-agent'] ?? null,
      requestId: request.id,
      details: detailsOf(rule, request, response),
    };
    await withTimeout(WRITE_TIMEOUT_MS, services.audit.record(entry)).catch((error: unknown) =>
      request.log.error({ err: error, audit: entry }, 'audit entry not written'),
    );
  });
}
