import { createScheduleCommands } from '../../scheduling/temporal/schedule-commands';
import { createScheduleConvergence } from '../../scheduling/temporal/schedule-convergence';
import { createScheduleGateway } from '../../scheduling/temporal/schedule-gateway';
import { createResetMails } from '../../scheduling/temporal/reset-mails';
import { createServerZones } from '../../scheduling/temporal/server-zones';
import { createScheduleView } from '../../scheduling/temporal/schedule-view';
import { findConfigError } from '../../tasks/registry';
import { createApiKeyAuthenticator } from './accounts/api-key-authenticator';
import { createApiKeyService } from './accounts/api-key-service';
import { createAuditService } from './system/audit-service';
import { createAccountService } from './accounts/account-service';
import { createRateLimits } from './accounts/rate-limits';
import { createAuthService, type Passwords } from './accounts/auth-service';
import { createConfigService } from './configs/config-service';
import { createEstimateService } from './configs/estimate-service';
import { createStartRunService } from './executions/start-run-service';
import { createFailedLoginDelay } from './accounts/failed-login-delay';
import { createExecutionGateway } from './executions/execution-gateway';
import { createExecutionService } from './executions/execution-service';
import { createExportService } from './exports/export-service';
import { createMetricsService } from './system/metrics-service';
import { createPasswordPolicy } from './accounts/password-policy';
import { createPasswordResetService } from './accounts/password-reset-service';
import { createPreviewService } from './configs/preview-service';
import { createProgressGateway } from './executions/progress-gateway';
import { createProgressService } from './executions/progress-service';
import { createRedditBudgetService } from './reddit/reddit-budget-service';
import { createRedditService } from './reddit/reddit-service';
import { createRunControlService } from './executions/run-control-service';
import { createScheduleService } from './configs/schedule-service';
import { createSessionService } from './accounts/session-service';
import { createSystemService } from './system/system-service';
import type { Client } from '@temporalio/client';
import type { FastifyBaseLogger } from 'fastify';
import type { LinkToRun } from './executions/execution-presenter';
import type { FileStore } from '../../platform/files/file-store';
import type { RedditBudget } from '../../platform/reddit-budget/reddit-budget';
import type { ResetTokens } from '../../platform/passwords/reset-tokens';
import type { RunSignatures } from '../../platform/run-signatures';
import type { KeyValueStore } from '../../platform/key-value-store/key-value-store';
import type { ApiRepositories } from '../../storage/api-repositories';

export interface ServiceDeps {
  repositories: ApiRepositories;
  store: KeyValueStore;
  temporal: {
    client: Client;
    taskQueue: string;
    linkToRun: LinkToRun;
    /** The server was given our rules of time zones. */
    hasOurZones?: boolean;
  };
  passwords: Passwords;
  auth: {
    secret: string;
    accessMinutes: number;
    refreshDays: number;
    areSeveralSessionsAllowed: boolean;
    areAttemptsLimited: boolean;
  };
  resetTokens: ResetTokens;
  signatures: RunSignatures;
  lastReconcile: { read(): Promise<Date | null> };
  reddit: { isSandbox: boolean; budget: RedditBudget; requestsPerMinute: number };
  /** The file store to which workers write exports. */
  files: FileStore;
  log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}

export type Services = ReturnType<typeof createServices>;

/** After this time, answers are given without Temporal's state of the schedules. */
const LOOK_UP_WITHIN_MS = 3_000;
/**
 * A change that Temporal does not accept within this time is reported as failed. If the row is written already,
 * reconcile applies it later.
 */
const CHANGE_WITHIN_MS = 5_000;

/** Builds the use cases over the connections that server.ts has opened. */
export function createServices(deps: ServiceDeps) {
  const { store, temporal } = deps;
  const { users, apiKeys, resets, configs, executions, queries, retention, content } = deps.repositories;
  const { accessMinutes, refreshDays, areSeveralSessionsAllowed } = deps.auth;
  const limits = createRateLimits({ store, isOn: deps.auth.areAttemptsLimited });
  const { passwords } = deps;
  const validatePassword = createPasswordPolicy(passwords);
  const sessions = createSessionService({ store, lifetimeSeconds: refreshDays * 24 * 60 * 60 });
  const { linkToRun } = temporal;
  const gateway = createExecutionGateway({ ...temporal, signatures: deps.signatures });
  const resetMails = createResetMails(temporal);
  const scheduleGateway = (timeoutMs: number) =>
    createScheduleGateway({ client: temporal.client.schedule, taskQueue: temporal.taskQueue, timeoutMs });
  const scheduleView = createScheduleView({ gateway: scheduleGateway(LOOK_UP_WITHIN_MS) });
  const zones = createServerZones({ client: temporal.client.schedule, timeoutMs: LOOK_UP_WITHIN_MS });
  const convergence = createScheduleConvergence({
    configs,
    gateway: scheduleView.watch(scheduleGateway(CHANGE_WITHIN_MS)),
  });
  const commands = createScheduleCommands({ configs, convergence, findConfigError });

  return {
    jwtSecret: deps.auth.secret,
    /** The repository itself: authentication reads the user of every request. */
    users,
    sessions,
    auth: createAuthService({
      users,
      sessions,
      passwords,
      limits,
      delayFailure: createFailedLoginDelay({ users }),
      accessMinutes,
      areSeveralSessionsAllowed,
    }),
    apiKeys: createApiKeyService({ keys: apiKeys, users }),
    apiKeyAuthenticator: createApiKeyAuthenticator({ keys: apiKeys, limits, log: deps.log }),
    accounts: createAccountService({ users, sessions, passwords, validatePassword, limits }),
    resets: createPasswordResetService({
      users,
      resets,
      sessions,
      passwords,
      validatePassword,
      limits,
      resetTokens: deps.resetTokens,
      startMail: (resetId) => resetMails.start(resetId),
      log: deps.log,
    }),
    configs: createConfigService({ configs, queries, scheduleView, commands, convergence, log: deps.log }),
    previews: createPreviewService({ configs, queries, zones, gateway: scheduleGateway(LOOK_UP_WITHIN_MS) }),
    schedules: createScheduleService({ configs, scheduleView, commands }),
    executions: createExecutionService({ queries, retention, gateway, linkToRun }),
    progress: createProgressService({
      queries,
      gateway: createProgressGateway(temporal),
      lanes: deps.repositories.lanes,
    }),
    estimates: createEstimateService({
      queries,
      content,
      deletions: deps.repositories.deletions,
      isSandbox: deps.reddit.isSandbox,
      requestsPerMinute: async () => deps.reddit.requestsPerMinute,
    }),
    startRun: createStartRunService({ configs, queries, gateway }),
    exports: createExportService({ records: deps.repositories.exports, files: deps.files }),
    runControl: createRunControlService({ queries, executions, gateway }),
    system: createSystemService({
      configs,
      queries,
      scheduleView,
      redis: store,
      lastReconcile: deps.lastReconcile,
      reddit: deps.reddit,
      zones,
      hasOurZones: temporal.hasOurZones ?? false,
    }),
    reddit: createRedditService({ content }),
    redditBudget: createRedditBudgetService({ budget: deps.reddit.budget, configs }),
    audit: createAuditService(deps.repositories),
    metrics: createMetricsService({ ...deps.repositories, temporal, budget: deps.reddit.budget, log: deps.log }),
  };
}
