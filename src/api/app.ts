import cors from '@fastify/cors';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import { maxHeaderSize, type IncomingMessage, type ServerResponse } from 'node:http';
import { installAnswers } from './plugins/answers';
import { installArrival } from './plugins/arrival';
import { installAudit } from './plugins/audit';
import { answerClientError, connectionOptions, installConnectionAnswers } from './plugins/connection-answers';
import { installErrorAnswers } from './plugins/error-answers';
import { installTokens } from './plugins/jwt';
import { installMetrics } from './plugins/metrics';
import { installOpenapi } from './plugins/openapi';
import { installOrderlyClose, REQUEST_TIMEOUT_MS, timeoutOptions } from './plugins/orderly-close';
import { installRedoc } from './plugins/redoc';
import { installRequestLog } from './plugins/request-log';
import { installRequestValidation } from './plugins/request-validation';
import { createRouteTable } from './plugins/route-table';
import { installSharedAnswers } from './plugins/shared-answers';
import { installSecurityHeaders } from './plugins/security-headers';
import { installTokenGate } from './plugins/token-gate';
import { installUnknownRoutes } from './plugins/unknown-routes';
import { routableUrl } from './routable-url';
import { registerApiKeyRoutes } from './routes/api-key-routes';
import { registerAuditRoutes } from './routes/audit-routes';
import { registerAuthRoutes } from './routes/auth-routes';
import { registerConfigRoutes } from './routes/config-routes';
import { registerExecuteRoutes } from './routes/execute-routes';
import { registerExecutionRoutes } from './routes/execution-routes';
import { registerExportRoutes } from './routes/export-routes';
import { registerHealthRoutes } from './routes/health-routes';
import { registerPasswordResetRoutes } from './routes/password-reset-routes';
import { registerRedditRoutes } from './routes/reddit-routes';
import { registerRunControlRoutes } from './routes/run-control-routes';
import { registerScheduleRoutes } from './routes/schedule-routes';
import { registerSystemRoutes } from './routes/system-routes';
import { registerUserRoutes } from './routes/user-routes';
import type { Services } from './services/create-services';

export type ZodApp = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface AppOptions {
  logger?: FastifyBaseLogger;
  corsOrigins?: string[];
  /** Opens /metrics to whoever has it; without one it is open to this machine only. */
  metricsToken?: string;
  /** Who may say in X-Forwarded-For on whose behalf they ask. */
  trustedProxies?: string[];
  /** For tests, which do not wait for a minute. */
  requestTimeoutMs?: number;
  /** For tests: each answer is compared with its schema. */
  areAnswersChecked?: boolean;
  version: string;
}

/** The HTTP application over ready services; it connects nothing. The answer is ready to listen, or to inject into. */
export async function createApp(services: Services, options: AppOptions): Promise<FastifyInstance> {
  const requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const app: FastifyInstance = fastify({
    ...(options.logger ? { loggerInstance: options.logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    rewriteUrl: (request) => routableUrl(request.url ?? '/'),
    // No limit but Node's own: the router would refuse a longer parameter before any hook. Schemas say how long it may be.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: maxHeaderSize },
    clientErrorHandler: answerClientError,
    requestTimeout: requestTimeoutMs,
    http: { ...connectionOptions, ...timeoutOptions(requestTimeoutMs) },
    // Fastify's own answer in this case is no {detail}.
    return503OnClosing: false,
    trustProxy: options.trustedProxies?.length ? options.trustedProxies : false,
    // Keep-alive connections that are idle end at once when the server closes.
    forceCloseConnections: 'idle',
  });
  installArrival(app);
  installAnswers(app, { areChecked: options.areAnswersChecked });
  await installRequestLog(app);
  const routes = createRouteTable(app);
  installErrorAnswers(app);
  await app.register(cors, {
    origin: options.corsOrigins ?? [],
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    strictPreflight: false,
    exposedHeaders: [
      'X-Request-ID',
      'X-Process-Time',
      'X-Next-Cursor',
      'Link',
      'Content-Disposition',
      'Content-Range',
      'Accept-Ranges',
      'ETag',
    ],
  });
  installSecurityHeaders(app);
  installOrderlyClose(app);
  installConnectionAnswers(app);
  await installTokens(app, services.jwtSecret);
  installTokenGate(app, services, routes);
  installUnknownRoutes(app, routes);
  installRequestValidation(app);
  installAudit(app, services);
  installSharedAnswers(app);
  installMetrics(app, services, { token: options.metricsToken });
  await installOpenapi(app, { version: options.version });
  installRedoc(app);

  await app.register(async (root) => registerHealthRoutes(root.withTypeProvider<ZodTypeProvider>(), services));
  await app.register(
    async (scope) => {
      const api = scope.withTypeProvider<ZodTypeProvider>();
      registerAuthRoutes(api, services);
      registerApiKeyRoutes(api, services);
      registerPasswordResetRoutes(api, services);
      registerUserRoutes(api, services);
      registerConfigRoutes(api, services);
      registerScheduleRoutes(api, services);
      registerExecutionRoutes(api, services);
      registerRunControlRoutes(api, services);
      registerExecuteRoutes(api, services);
      registerExportRoutes(api, services);
      registerSystemRoutes(api, services);
      registerRedditRoutes(api, services);
      registerAuditRoutes(api, services);
    },
    { prefix: '/api/v1' },
  );
  await app.ready();
  return app;
}
