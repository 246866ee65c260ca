import { createScheduleActions } from '../../scheduling/schedule-actions';
import { createScheduleConvergence } from '../../scheduling/schedule-convergence';
import { createScheduleGateway } from '../../scheduling/schedule-gateway';
import { createResetMails } from '../../scheduling/reset-mails';
import { createScheduleView } from '../../scheduling/schedule-view';
import { findConfigFault } from '../../tasks/registry';
import { createApiKeyCheck } from './api-key-check';
import { createApiKeyService } from './api-key-service';
import { createAuditService } from './audit-service';
import { createAccountService } from './account-service';
import { createAttemptLimits } from './attempt-limits';
import { createAuthService, type Passwords } from './auth-service';
import { createConfigService } from './config-service';
import { createEstimateService } from './estimate-service';
import { createExecuteService } from './execute-service';
import { createFailedLoginDelay } from './failed-login-delay';
import { createExecutionGateway } from './execution-gateway';
import { createExecutionService } from './execution-service';
import { createExportService } from './export-service';
import { createMetricsService } from './metrics-service';
import { createPasswordPolicy } from './password-policy';
import { createPasswordResetService } from './password-reset-service';
import { createPreviewService } from './preview-service';
import { createProgressGateway } from './progress-gateway';
import { createProgressService } from './progress-service';
import { createRedditBudgetService } from './reddit-budget-service';
import { createRedditService } from './reddit-service';
import { createRunControlService } from './run-control-service';
import { createScheduleService } from './schedule-service';
import { createSessionService } from './session-service';
import { createSystemService } from './system-service';
import type { Client } from '@temporalio/client';
import type { FastifyBaseLogger } from 'fastify';
import type { LinkToRun } from './execution-presenter';
import type { FileStore } from '../../platform/files/file-store';
import type { RedditBudget } from '../../platform/reddit-budget/reddit-budget';
import type { ResetTokens } from '../../platform/reset-tokens';
import type { KeyValueStore } from '../../platform/redis';
import type { SEARCH_ATTRIBUTES } from '../../platform/temporal';
import type { ApiRepositories } from '../../storage/api-repositories';

export interface ServiceDeps {
  repositories: ApiRepositories;
  store: KeyValueStore;
  temporal: { client: Client; taskQueue: string; searchAttributes: typeof SEARCH_ATTRIBUTES; linkToRun: LinkToRun };
  passwords: Passwords;
  auth: {
    secret: string;
    accessMinutes: number;
    refreshDays: number;
    areSeveralSessionsAllowed: boolean;
    areAttemptsLimited: boolean;
  };
  resetTokens: ResetTokens;
  reddit: { isSandbox: boolean; budget: RedditBudget; requestsPerMinute: number };
  /** Where the worker puts exports. */
  files: FileStore;
  log: Pick<FastifyBaseLogger, 'warn' | 'error'>;
}

export type Services = ReturnType<typeof createServices>;

/** While Temporal hangs, what it says of schedules is left out of an answer after this time. */
const LOOK_UP_WITHIN_MS = 3_000;
/** A change that Temporal does not take in this time is told as such; for a row that is written already, reconcile makes it. */
const CHANGE_WITHIN_MS = 5_000;

/** The use cases over what server.ts has connected. */
export function createServices(deps: ServiceDeps) {
  const { store, temporal } = deps;
  const { users, apiKeys, resets, configs, executions, queries, content } = deps.repositories;
  const { accessMinutes, refreshDays, areSeveralSessionsAllowed } = deps.auth;
  const limits = createAttemptLimits({ store, isOn: deps.auth.areAttemptsLimited });
  const { passwords } = deps;
  const findPasswordFault = createPasswordPolicy(passwords);
  const sessions = createSessionService({ store, lifetimeSeconds: refreshDays * 24 * 60 * 60 });
  const { linkToRun } = temporal;
  const gateway = createExecutionGateway(temporal);
  const resetMails = createResetMails(temporal);
  const scheduleGateway = (timeoutMs: number) =>
    createScheduleGateway({ client: temporal.client.schedule, taskQueue: temporal.taskQueue, timeoutMs });
  const schedules = createScheduleView({ gateway: scheduleGateway(LOOK_UP_WITHIN_MS) });
  const convergence = createScheduleConvergence({
    configs,
    gateway: schedules.watch(scheduleGateway(CHANGE_WITHIN_MS)),
  });
  const actions = createScheduleActions({ configs, convergence, findConfigFault });

  return {
    jwtSecret: deps.auth.secret,
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
    apiKeyCheck: createApiKeyCheck({ keys: apiKeys, limits, log: deps.log }),
    accounts: createAccountService({ users, sessions, passwords, findPasswordFault, limits }),
    resets: createPasswordResetService({
      users,
      resets,
      sessions,
      passwords,
      findPasswordFault,
      limits,
      resetTokens: deps.resetTokens,
      startMail: (resetId) => resetMails.start(resetId),
      log: deps.log,
    }),
    configs: createConfigService({ configs, queries, schedules, actions, convergence, log: deps.log }),
    previews: createPreviewService({ configs, queries }),
    schedules: createScheduleService({ configs, schedules, actions }),
    executions: createExecutionService({ queries, gateway, linkToRun }),
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
    execute: createExecuteService({ configs, queries, gateway }),
    exports: createExportService({ records: deps.repositories.exports, files: deps.files }),
    runControl: createRunControlService({ queries, executions, gateway }),
    system: createSystemService({ configs, queries, schedules, redis: store, reddit: deps.reddit }),
    reddit: createRedditService({ content }),
    redditBudget: createRedditBudgetService({ budget: deps.reddit.budget, configs }),
    audit: createAuditService(deps.repositories),
    metrics: createMetricsService({ ...deps.repositories, temporal, budget: deps.reddit.budget, log: deps.log }),
  };
}
