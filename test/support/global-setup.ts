import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { createDatabase, migrate } from '../../src/platform/postgres/postgres';
import { askPostgres } from '../../src/platform/startup/start-checks';
import { startEmbeddedPostgres } from '../../src/stack/servers/embedded-postgres';
import { findRedisProgram, startEmbeddedRedis } from '../../src/stack/servers/embedded-redis';
import { startEmbeddedTemporal } from '../../src/stack/servers/embedded-temporal';
import { findTemporalBinary } from '../../src/stack/servers/temporal-binary';
import { createRunFolder, sweepDeadRuns } from './run-folder';
import { publishTestServices } from './test-services';

const TEMPLATE = 'taskloom_template';
const STORE = 'taskloom_store';

const isRedisUsed = () => process.env.TASKLOOM_TEST_STORE !== 'postgres' && findRedisProgram() !== undefined;
const withDatabase = (url: string, name: string) => url.replace(/[^/]+$/, name);

/** A run of jest alone builds nothing, and the programs that tests start would be those of an older working tree. */
const buildPresentSources = () =>
  promisify(execFile)(process.execPath, [path.resolve(__dirname, '../../scripts/build-for-tests.mjs')]);

export default async function setUp(): Promise<void> {
  await buildPresentSources();
  await sweepDeadRuns();
  const folder = createRunFolder();
  const stops: (() => Promise<void>)[] = [async () => folder.remove()];
  const keep = <Service extends { stop: () => Promise<void> }>(service: Service) => {
    stops.push(() => service.stop());
    return service;
  };
  globalThis.stopTestServices = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  const place = (name: string) => ({
    folder: path.join(folder.path, name),
    logFile: path.join(folder.path, `${name}.log`),
    password: randomBytes(12).toString('hex'),
  });
  try {
    const [postgres, temporal, redis] = await Promise.all([
      startEmbeddedPostgres({ ...place('postgres'), database: TEMPLATE, unsafeNoSync: true }).then(keep),
      findTemporalBinary({ progress: showLongStep() }).then((binary) =>
        startEmbeddedTemporal({ ...place('temporal'), binary }).then(keep),
      ),
      isRedisUsed() ? startEmbeddedRedis(place('redis')).then(keep) : undefined,
    ]);
    const template = createDatabase({ url: postgres.url, poolSize: 1, applicationName: 'taskloom-test-template' });
    await migrate(template).finally(() => template.destroy());
    const postgresUrl = withDatabase(postgres.url, 'postgres');
    await askPostgres(postgresUrl, () => `create database ${STORE} template ${TEMPLATE}`);
    publishTestServices({
      postgresUrl,
      templateDatabase: TEMPLATE,
      temporalAddress: temporal.address,
      temporalUiUrl: temporal.uiUrl,
      postgresStoreUrl: withDatabase(postgres.url, STORE),
      redisUrl: redis?.url,
    });
  } catch (error) {
    await globalThis.stopTestServices();
    throw error;
  }
}

/** A new machine builds the Temporal server first. A line every ten seconds shows that the run is alive. */
function showLongStep(): (text: string) => void {
  let shownAt = Date.now();
  return (text) => {
    if (Date.now() - shownAt < 10_000) return;
    shownAt = Date.now();
    process.stderr.write(`Temporal server, ${text}\n`);
  };
}
