import cors from '@fastify/cors';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import { maxHeaderSize, type IncomingMessage, type ServerResponse } from 'node:http';
import { installResponseSerializer } from './plugins/response-serializer';
import { installRequestOrigin } from './plugins/request-origin';
import { installAuditLog } from './plugins/audit-log';
import {
  answerClientError,
  connectionOptions,
  installConnectionErrorHandler,
} from './plugins/connection-error-handler';
import { installErrorHandler } from './plugins/error-handler';
import { installTokens } from './plugins/jwt';
import { installMetrics } from './plugins/metrics';
import { installOpenapi } from './plugins/openapi';
import { installGracefulShutdown, REQUEST_TIMEOUT_MS, timeoutOptions } from './plugins/graceful-shutdown';
import { installRedoc } from './plugins/redoc';
import { installRequestLogging } from './plugins/request-logging';
import { installRequestValidation } from './plugins/request-validation';
import { createRouteTable } from './plugins/route-table';
import { installResponseCoalescing } from './plugins/response-coalescing';
import { installSecurityHeaders } from './plugins/security-headers';
import { installAuthentication } from './plugins/authentication';
import { installNotFoundHandler } from './plugins/not-found-handler';
import { routableUrl } from './http/routable-url';
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
  installRequestOrigin(app);
  installResponseSerializer(app, { areChecked: options.areAnswersChecked });
  await installRequestLogging(app);
  const routes = createRouteTable(app);
  installErrorHandler(app);
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
  installGracefulShutdown(app);
  installConnectionErrorHandler(app);
  await installTokens(app, services.jwtSecret);
  installAuthentication(app, services, routes);
  installNotFoundHandler(app, routes);
  installRequestValidation(app);
  installAuditLog(app, services);
  installResponseCoalescing(app);
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
