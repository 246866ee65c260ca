import cors from '@fastify/cors';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import { maxHeaderSize } from 'node:http';
import { installResponseSerializer } from './plugins/response-serializer';
import { installRequestOrigin } from './plugins/request-origin';
import { installAuditLog } from './plugins/audit-log';
import {
  answerClientError,
  connectionOptions,
  installConnectionErrorHandler,
} from './plugins/connection-error-handler';
import { installErrorHandler } from './plugins/error-handler';
import { installJwt } from './plugins/jwt';
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
import type { ZodApp } from './zod-app';

export interface AppOptions {
  logger?: FastifyBaseLogger;
  corsOrigins?: string[];
  /** The bearer token for /metrics; without one, only this machine may read them. */
  metricsToken?: string;
  /** The networks, in CIDR notation, of proxies whose X-Forwarded-For is believed. */
  trustedProxies?: string[];
  /** For tests: a shorter limit than REQUEST_TIMEOUT_MS. */
  requestTimeoutMs?: number;
  /** For tests: every response is validated against its schema. */
  areResponsesValidated?: boolean;
  version: string;
}

/** Builds the HTTP application over connected services. The result is ready for `listen` or `inject`. */
export async function createApp(services: Services, options: AppOptions): Promise<FastifyInstance> {
  const requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
  const app: FastifyInstance = fastify({
    ...(options.logger ? { loggerInstance: options.logger } : { logger: false }),
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    rewriteUrl: (request) => routableUrl(request.url ?? '/'),
    // Schemas limit the parameters. The router's limit is as high as Node's: it would refuse before any hook runs.
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: maxHeaderSize },
    clientErrorHandler: answerClientError,
    requestTimeout: requestTimeoutMs,
    http: { ...connectionOptions, ...timeoutOptions(requestTimeoutMs) },
    // Fastify's own 503 has another body than `{detail}`; graceful-shutdown.ts sends it instead.
    return503OnClosing: false,
    // Idle keep-alive connections are closed at once when the server closes.
    forceCloseConnections: 'idle',
  });
  installRequestOrigin(app, options.trustedProxies);
  installResponseSerializer(app, { areValidated: options.areResponsesValidated });
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
      'Retry-After',
      'WWW-Authenticate',
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
  await installJwt(app, services.jwtSecret);
  installAuthentication(app, services, routes);
  installNotFoundHandler(app, routes);
  installRequestValidation(app);
  installAuditLog(app, services);
  installResponseCoalescing(app);
  installMetrics(app, services, { token: options.metricsToken });
  await installOpenapi(app, { version: options.version });
  installRedoc(app);

  await app.register(async (root) => registerHealthRoutes(root.withTypeProvider<ZodTypeProvider>(), services));
  await app.register(async (scope) => registerApiRoutes(scope.withTypeProvider<ZodTypeProvider>(), services), {
    prefix: '/api/v1',
  });
  await app.ready();
  return app;
}

function registerApiRoutes(api: ZodApp, services: Services): void {
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
}
