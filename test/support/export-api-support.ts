import { randomUUID } from 'node:crypto';
import { createLocalFileStore } from '../../src/platform/files/local-file-store';
import { createTestApi, type TestApi } from './api-support';
import { createExportBench, insertContent, type ExportBench } from './export-support';
import { startTestWorker, type TestWorker } from './task-worker';
import { createTestDatabase, type TestDatabase } from './test-database';

/**
 * An API and a worker that share a database and a folder of exports. Registers the hooks that start and stop them once
 * a test file.
 */
export function createExportApiBench() {
  let db: TestDatabase;
  let bench: ExportBench;
  let worker: TestWorker;
  let api: TestApi;

  beforeAll(async () => {
    db = await createTestDatabase();
    bench = createExportBench(db);
    await insertContent(db.database);
    worker = await startTestWorker({
      database: db.database,
      services: { exports: bench.exports },
      taskQueue: `exports-${randomUUID()}`,
    });
    api = await createTestApi({
      database: db.database,
      temporal: worker.temporal,
      taskQueue: worker.taskQueue,
      files: createLocalFileStore(bench.folder),
    });
  });
  afterAll(async () => {
    await api?.close();
    await worker?.stop();
    bench?.remove();
    await db?.drop();
  });

  return {
    get db() {
      return db;
    },
    get bench() {
      return bench;
    },
    get api() {
      return api;
    },
    download: async (id: number, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' = 'GET') =>
      api.app.inject({
        method,
        url: `/api/v1/exports/${id}/download`,
        headers: { authorization: `Bearer ${api.tokens[0]}`, ...headers },
      }),
    /** Runs one export in this process. Returns its id. */
    exportOne: async (parameters: object = {}, options: object = {}) =>
      (await bench.run(parameters, options)).export_id as number,
  };
}
