import type { TaskServices } from '../../src/tasks/task-services';
import type { JsonObject, TaskContext } from '../../src/tasks/task-type';

/** The part of each service that a test needs. */
export type FakeServices = { [Name in keyof TaskServices]?: Partial<TaskServices[Name]> };

export interface TestContext extends TaskContext {
  /** What the run saved as its cursor, oldest first. */
  readonly cursors: unknown[];
  readonly logLines: { level: 'info' | 'warn'; fields: JsonObject; message: string }[];
}

const missing = (name: string) => (): never => {
  throw new Error(`The test gives no services.${name}`);
};

/** All services. A function that the test does not give throws an error that names it. */
export function createFakeServices(given: FakeServices = {}): TaskServices {
  const reddit: TaskServices['reddit'] = {
    isSandbox: false,
    requestsSent: missing('reddit.requestsSent'),
    scoped: () => reddit,
    listPosts: missing('reddit.listPosts'),
    getComments: missing('reddit.getComments'),
    getMoreChildren: missing('reddit.getMoreChildren'),
    getInfo: missing('reddit.getInfo'),
    getSubreddit: missing('reddit.getSubreddit'),
    probe: missing('reddit.probe'),
    ...given.reddit,
  };
  return {
    reddit,
    content: {
      upsertPosts: missing('content.upsertPosts'),
      upsertComments: missing('content.upsertComments'),
      ...given.content,
    },
    backups: { write: missing('backups.write'), ...given.backups },
    retention: {
      count: missing('retention.count'),
      removeBatch: missing('retention.removeBatch'),
      ...given.retention,
    },
    runs: { findOverdue: missing('runs.findOverdue'), ...given.runs },
    mailer: { send: missing('mailer.send'), messageIdOf: missing('mailer.messageIdOf'), ...given.mailer },
    deliveries: { list: missing('deliveries.list'), record: missing('deliveries.record'), ...given.deliveries },
    exports: { write: missing('exports.write'), cleanUp: missing('exports.cleanUp'), ...given.exports },
    scrapes: {
      claimPosts: missing('scrapes.claimPosts'),
      findThreads: missing('scrapes.findThreads'),
      saveThread: missing('scrapes.saveThread'),
      findWatermark: missing('scrapes.findWatermark'),
      saveWatermark: missing('scrapes.saveWatermark'),
      listUnlisted: missing('scrapes.listUnlisted'),
      forgetListed: missing('scrapes.forgetListed'),
      ...given.scrapes,
    },
    deletions: {
      countsOf: missing('deletions.countsOf'),
      listDue: missing('deletions.listDue'),
      record: missing('deletions.record'),
      listWithheld: missing('deletions.listWithheld'),
      withoutContent: missing('deletions.withoutContent'),
      ...given.deletions,
    },
    probes: {
      postgres: missing('probes.postgres'),
      redis: missing('probes.redis'),
      temporal: missing('probes.temporal'),
      reddit: missing('probes.reddit'),
      ...given.probes,
    },
  };
}

/** The context of a first attempt at run 1 of config 7, with the given fields in place of these. */
export function createTestContext({
  configId = 7,
  executionId = 1,
  attempt = 1,
  startedAt = new Date(),
  signal = new AbortController().signal,
  cursor,
  saveCursor,
  services,
}: Partial<Omit<TaskContext, 'services' | 'log'>> & { services?: FakeServices } = {}): TestContext {
  const cursors: unknown[] = [];
  const logLines: TestContext['logLines'] = [];
  const logAt = (level: 'info' | 'warn') => (fields: JsonObject, message: string) =>
    void logLines.push({ level, fields, message });
  return {
    configId,
    executionId,
    attempt,
    startedAt,
    signal,
    cursor,
    saveCursor(saved) {
      cursors.push(saved);
      saveCursor?.(saved);
    },
    log: { info: logAt('info'), warn: logAt('warn') },
    services: createFakeServices(services),
    cursors,
    logLines,
  };
}
